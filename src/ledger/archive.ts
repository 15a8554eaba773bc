/**
 * What the running bridge hands out of the ledger: sealed entries with their wrapped keys, which it cannot open itself
 * once their epoch is over, and the proofs that they are in the tree. Opening them takes an officer's key, elsewhere.
 */
import { ChanceryError } from '../base/errors.ts';
import type { Happening } from '../model/happening.ts';
import { type EntryFilter, theHouse } from '../store/entries.ts';
import type { Epoch } from '../store/epochs.ts';
import type { Store } from '../store/store.ts';
import type { EntryKey } from '../vault/entry-key-record.ts';
import type { EntryKeys } from '../vault/entry-keys.ts';
import type { Ledger } from './ledger.ts';
import type { Publishing } from './publishing.ts';
import type { OpenEntry } from './sealing-messages.ts';

export interface SealedEntry {
  readonly number: number;
  /** Of no chat. */
  readonly isOfHouse: boolean;
  readonly epochId: number;
  readonly leaf: string;
  readonly sealed: Uint8Array;
  /** Or why there is none. */
  readonly key: EntryKey;
}

export interface SealedPage {
  readonly entries: readonly SealedEntry[];
  /** Whether there are more. */
  readonly isLast: boolean;
}

export interface ProvenEntry extends OpenEntry {
  /** Leads to `checkpoint`. */
  readonly proof: string;
  readonly checkpoint: string;
}

export interface ArchiveParts {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly keys: EntryKeys;
  readonly publishing: Publishing;
}

const pageEntries = 200;
const pageBytes = 400_000;

export class Archive {
  readonly #parts: ArchiveParts;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  /** The newest head, after everything that is recorded by now is in it. */
  async head(): Promise<{ readonly checkpoint: string; readonly size: number; readonly verifierKey: string }> {
    const { publishing } = this.#parts;
    const head = await publishing.publish();
    return { ...head, verifierKey: publishing.verifierKey };
  }

  /** In order, those after `after`. */
  epochs(after: number, limit: number): Promise<Epoch[]> {
    return this.#parts.store.read.epochs.page(after, limit);
  }

  /** In order, those after `after`; as many as fit into an answer. */
  async page(filter: EntryFilter, after: number): Promise<SealedPage> {
    const { store, keys } = this.#parts;
    const rows = await store.read.entries.page(filter, after, pageEntries);
    const entries: SealedEntry[] = [];
    let bytes = 0;
    for (const { number, portalId, epochId, leaf, sealed } of rows) {
      bytes += leaf.length + sealed.length;
      if (entries.length > 0 && bytes > pageBytes) return { entries, isLast: false };
      const key = await keys.get(number);
      entries.push({
        number,
        isOfHouse: portalId === theHouse,
        epochId,
        leaf: Buffer.from(leaf).toString(),
        sealed,
        key,
      });
    }
    return { entries, isLast: rows.length < pageEntries };
  }

  /** For each, that it is in the tree of this checkpoint. Throws `CH-COMMAND-INVALID` for a number that is not in it. */
  async proofs(numbers: readonly number[], checkpoint: string): Promise<string[]> {
    const proofs = await this.#parts.publishing.proofs(numbers, checkpoint);
    return proofs.map((proof, place) => {
      if (proof !== undefined) return proof;
      const detail = `Entry ${numbers[place]} is not in the tree of this checkpoint.`;
      throw new ChanceryError('CH-COMMAND-INVALID', { detail });
    });
  }

  /** Records it, and proves that it is recorded. */
  async recordProven(happening: Happening): Promise<ProvenEntry> {
    const { store, ledger, publishing } = this.#parts;
    const entry = await ledger.recordOpenly(store, happening);
    const { checkpoint } = await publishing.publish();
    const [proof] = await publishing.proofs([entry.number], checkpoint);
    if (proof === undefined)
      throw new ChanceryError('CH-STORE-FAILED', { detail: 'The head does not reach the entry.' });
    return { ...entry, proof, checkpoint };
  }
}
