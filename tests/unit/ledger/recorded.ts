/** A ledger in a folder of its own, with an officer who can open it. Everything is real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Log } from '../../../src/base/logging.ts';
import { signerOf } from '../../../src/ledger/checkpoint.ts';
import { Archive, type SealedEntry } from '../../../src/ledger/archive.ts';
import { DisposalFile } from '../../../src/ledger/disposal-file.ts';
import { Disposing } from '../../../src/ledger/disposing.ts';
import { examineLedger, type LedgerFinding } from '../../../src/ledger/examination.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { type HeadsAt, headsFolder, headsUrl, OutsideHeads } from '../../../src/ledger/outside-heads.ts';
import { Publishing } from '../../../src/ledger/publishing.ts';
import { Opening, type OpenRecord } from '../../../src/records/opening.ts';
import type { Epoch } from '../../../src/store/epochs.ts';
import { openKeyed } from '../../../src/store/keyed-connection.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { EntryKeys } from '../../../src/vault/entry-keys.ts';
import { makeOfficerKey, type OfficerKey } from '../../../src/vault/officer-key.ts';

export const databaseKey = new Uint8Array(32).fill(7);
export const passphrase = 'five words that nobody guesses';

export interface HouseOptions {
  /** A folder and a URL outside. */
  readonly heads?: string;
  readonly url?: HeadsAt;
  readonly log?: Log;
}

export class RecordedHouse {
  readonly directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  readonly heads: string | undefined;
  readonly troubles: string[] = [];
  officer!: OfficerKey;
  store!: Store;
  ledger!: Ledger;
  archive!: Archive;
  publishing!: Publishing;
  disposing!: Disposing;
  #keys!: EntryKeys;
  readonly #url: HeadsAt | undefined;
  readonly #log: Log;

  private constructor({ heads, url, log = createLog('silent') }: HouseOptions) {
    this.heads = heads;
    this.#url = url;
    this.#log = log;
  }

  static async open(options: HouseOptions = {}): Promise<RecordedHouse> {
    const house = new RecordedHouse(options);
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
      outside: new OutsideHeads(
        [
          ...(this.heads === undefined ? [] : [headsFolder(this.heads, 'agency.example/chancery')]),
          ...(this.#url === undefined ? [] : [headsUrl(this.#url)]),
        ],
        this.#log,
      ),
      signer: signerOf('agency.example/chancery', new Uint8Array(32).fill(3)),
      settled: () => this.ledger.settled(),
      log: this.#log,
    });
    await this.publishing.open();
    await this.ledger.begin(this.store);
    const { store, ledger, publishing } = this;
    const signer = signerOf('agency.example/chancery', new Uint8Array(32).fill(3));
    this.disposing = new Disposing({
      store,
      keys: this.#keys,
      file: new DisposalFile(join(this.tree, 'disposals'), signer),
      outside: this.heads === undefined ? undefined : new DisposalFile(join(this.heads, 'disposals'), signer),
      settled: () => this.ledger.settled(),
      log: this.#log,
      now: Date.now,
    });
    await this.disposing.replay();
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
