/** A ledger in a folder of its own, with an officer who can open it. Everything is real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../../src/base/logging.ts';
import { signerOf } from '../../../src/ledger/checkpoint.ts';
import { Archive, type SealedEntry } from '../../../src/ledger/archive.ts';
import { examineLedger, type LedgerFinding } from '../../../src/ledger/examination.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { Publishing } from '../../../src/ledger/publishing.ts';
import { Opening, type OpenRecord } from '../../../src/records/opening.ts';
import type { Epoch } from '../../../src/store/epochs.ts';
import { openKeyed } from '../../../src/store/keyed-connection.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { EntryKeys } from '../../../src/vault/entry-keys.ts';
import { makeOfficerKey, type OfficerKey } from '../../../src/vault/officer-key.ts';

export const databaseKey = new Uint8Array(32).fill(7);
export const passphrase = 'five words that nobody guesses';

export class RecordedHouse {
  readonly directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  readonly heads: string | undefined;
  readonly troubles: string[] = [];
  officer!: OfficerKey;
  store!: Store;
  ledger!: Ledger;
  archive!: Archive;
  publishing!: Publishing;
  #keys!: EntryKeys;

  private constructor(heads: string | undefined) {
    this.heads = heads;
  }

  static async open({ heads }: { readonly heads?: string } = {}): Promise<RecordedHouse> {
    const house = new RecordedHouse(heads);
    house.officer = await makeOfficerKey(join(house.directory, 'officer.age'), passphrase);
    await house.start();
    return house;
  }

  /** As the bridge does it at its start. */
  async start(): Promise<void> {
    const [directory, keysFile] = [join(this.directory, 'data'), join(this.directory, 'entry-keys')];
    this.#keys = await EntryKeys.open(keysFile);
    this.ledger = new Ledger({
      directory,
      databaseKey,
      keysFile,
      keys: this.#keys,
      onTrouble: (words) => this.troubles.push(words),
      recipients: [this.officer.recipient],
      networkOf: () => 'whatsapp',
      now: Date.now,
    });
    this.store = openStore(directory, databaseKey, { keeper: this.ledger });
    this.publishing = new Publishing({
      store: this.store,
      directory: this.tree,
      headsDirectory: this.heads,
      signer: signerOf('agency.example/chancery', new Uint8Array(32).fill(3)),
      settled: () => this.ledger.settled(),
      log: createLog('silent'),
    });
    await this.publishing.open();
    await this.ledger.begin(this.store);
    const { store, ledger, publishing } = this;
    this.archive = new Archive({ store, ledger, keys: this.#keys, publishing });
  }

  /** One of its databases, as whoever has the key sees it. */
  database(name: 'chancery' | 'ledger'): ReturnType<typeof openKeyed> {
    return openKeyed(join(this.directory, 'data', `${name}.db`), databaseKey, false);
  }

  async stop(): Promise<void> {
    await this.ledger.end();
    await this.store.close();
    await this.#keys.close();
  }

  /** Where the tree lies. */
  get tree(): string {
    return join(this.directory, 'tree');
  }

  async destroy(numbers: readonly number[]): Promise<void> {
    await this.ledger.settled();
    await this.#keys.destroy(numbers);
  }

  async sealed(): Promise<SealedEntry[]> {
    await this.ledger.settled();
    const all: SealedEntry[] = [];
    for (;;) {
      const { entries, isLast } = await this.archive.page({}, all.at(-1)?.number ?? -1);
      all.push(...entries);
      if (isLast) return all;
    }
  }

  /** Whether it is whole in itself. */
  examine(): AsyncGenerator<LedgerFinding> {
    const { store, publishing } = this;
    return examineLedger({ store, keys: this.#keys, publishing });
  }

  epochs(): Promise<Epoch[]> {
    return this.archive.epochs(0, 1_000);
  }

  /** Everything, as the officer reads it. */
  async read(): Promise<OpenRecord[]> {
    const opening = new Opening(await this.epochs(), this.officer);
    const records: OpenRecord[] = [];
    for (const entry of await this.sealed()) records.push(await opening.open(entry));
    opening.close();
    return records;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
