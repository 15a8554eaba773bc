/**
 * The ledger: what happens becomes an entry in the transaction that changes its state, committed to by a leaf of the tree
 * and sealed under a key of its own. The wrapped key of an entry is on disk before the entry is.
 */
import { ChanceryError } from '../base/errors.ts';
import type { Happening, Recorder } from '../model/happening.ts';
import type { AccountId, PortalId } from '../model/ids.ts';
import { type Entries, theHouse } from '../store/entries.ts';
import type { LedgerKeeper, Store } from '../store/store.ts';
import type { EntryKeys } from '../vault/entry-keys.ts';
import { beginEpoch, type Epoch } from '../vault/epoch.ts';
import { commit } from './commitment.ts';
import { fieldsOf } from './fields.ts';

export interface LedgerOptions {
  readonly keys: EntryKeys;
  /** Public keys of the archive: who can open what is sealed. */
  readonly recipients: readonly string[];
  readonly networkOf: (account: AccountId) => string | undefined;
  readonly now: () => number;
}

/** What was just recorded, for who may read it: whoever asked for it. */
export interface OpenEntry {
  readonly number: number;
  readonly leaf: string;
  readonly disclosures: readonly string[];
}

const chatsCounted = 10_000;
/** More entries than one commit ever holds. */
const maxTogether = 10_000;

export class Ledger implements LedgerKeeper {
  readonly #options: LedgerOptions;
  #entries: Entries | undefined;
  /** Wrapped keys of entries that are not committed yet, by number. One whose entry was taken back is overwritten. */
  readonly #keys = new Map<number, Uint8Array>();
  /** The number of the next entry; undefined where the database is to be asked. */
  #next: number | undefined;
  /** Of chats that something happened in lately, how many entries they have. */
  readonly #counts = new Map<PortalId, number>();
  #epoch: { readonly id: number; readonly keys: Epoch } | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** For the start: keys of entries that were never committed are forgotten. */
  async begin(store: Store): Promise<void> {
    const { keys } = this.#options;
    const count = await store.read.entries.count();
    // What a crash leaves behind is the keys of one commit at most.
    if (keys.end > count + maxTogether)
      throw new ChanceryError('CH-LEDGER-FORKED', {
        detail: `${count} entries are recorded here, but there are keys of ${keys.end}.`,
      });
    await keys.withdraw(count);
    await this.beginEpoch(store);
  }

  /** A new epoch: what was sealed before cannot be opened here any more. */
  async beginEpoch(store: Store): Promise<void> {
    const keys = await beginEpoch(this.#options.recipients);
    const epoch = { name: keys.id, wrappedKey: keys.wrappedKey, beganAt: this.#options.now() };
    const id = await store.write((unit) => unit.entries.beginEpoch(epoch));
    const former = this.#epoch;
    this.#epoch = { id, keys };
    former?.keys.end();
  }

  end(): void {
    this.#epoch?.keys.end();
    this.#epoch = undefined;
  }

  recorderOver(entries: Entries): Recorder {
    this.#entries = entries;
    return { isKept: true, record: async (happening) => (await this.#record(entries, happening)).number };
  }

  /** As `record`, within a transaction. */
  async recordOpenly(entries: Entries, happening: Happening): Promise<OpenEntry> {
    return this.#record(entries, happening);
  }

  takenBack(): void {
    this.#next = undefined;
    this.#counts.clear();
  }

  async beforeCommit(): Promise<void> {
    if (this.#keys.size === 0 || this.#entries === undefined) return;
    const { keys } = this.#options;
    const count = this.#next ?? (await this.#entries.count());
    const waiting = [...this.#keys].filter(([number]) => number < count).toSorted(([one], [other]) => one - other);
    this.#keys.clear();
    const [first] = waiting;
    if (first === undefined) return;
    // A commit that failed has left keys of entries that are not there.
    await keys.withdraw(first[0]);
    await keys.append(
      first[0],
      waiting.map(([, key]) => key),
    );
  }

  async #record(entries: Entries, happening: Happening): Promise<OpenEntry> {
    const epoch = this.#epoch;
    if (epoch === undefined) throw new ChanceryError('CH-STORE-FAILED', { detail: 'The ledger has no epoch yet.' });
    const { now, networkOf } = this.#options;
    const portalId = happening.chat?.id ?? theHouse;
    const number = this.#next ?? (await entries.count());
    const before = this.#counts.get(portalId) ?? (await entries.countOf(portalId));
    const recorded = now();
    const fields = fieldsOf(happening, { seq: before + 1, recorded, networkOf });
    const { leaf, disclosures } = commit(fields);
    const { sealed, wrappedKey } = epoch.keys.seal(number, Buffer.from(JSON.stringify(disclosures)));
    await entries.add({
      number,
      portalId,
      seq: before + 1,
      kind: happening.kind,
      at: happening.at,
      recordedAt: recorded,
      eventId: happening.event ?? null,
      epochId: epoch.id,
      leaf,
      sealed,
    });
    this.#keys.set(number, wrappedKey);
    this.#next = number + 1;
    if (this.#counts.size >= chatsCounted) this.#counts.clear();
    this.#counts.set(portalId, before + 1);
    return { number, leaf: Buffer.from(leaf).toString(), disclosures };
  }
}
