/**
 * Makes entries of what happened: numbered within their chat, committed to by a leaf, sealed under a key of their own. The
 * wrapped key of an entry is on disk before the entry is.
 */
import { randomBytes } from 'node:crypto';
import type { PortalId } from '../model/ids.ts';
import { theHouse } from '../store/entries.ts';
import type { EntryFile } from '../store/ledger-file.ts';
import type { Entry } from '../store/schema.ts';
import type { EntryKeys } from '../vault/entry-keys.ts';
import { beginEpoch, type Epoch } from '../vault/epoch.ts';
import { commit } from './commitment.ts';
import { entryText, seedBytes } from './entry-text.ts';
import { fieldsOf } from './fields.ts';
import type { Batch, OpenEntry, Told } from './sealing-messages.ts';

export interface SealingParts {
  readonly file: EntryFile;
  readonly keys: EntryKeys;
  /** Public keys of the archive: who can open what is sealed. */
  readonly recipients: readonly string[];
}

const chatsCounted = 10_000;

export class Sealing {
  readonly #parts: SealingParts;
  /** Of chats that something happened in lately, how many entries they have. */
  readonly #counts = new Map<PortalId, number>();
  #epoch: { readonly id: number; readonly keys: Epoch } | undefined;
  #coming: Epoch | undefined;

  constructor(parts: SealingParts) {
    this.#parts = parts;
  }

  /** To be kept before `beginEpoch`. Throws `CH-RECIPIENT-INVALID`. */
  async newEpoch(): Promise<{ readonly name: string; readonly wrappedKey: string }> {
    this.#coming?.end();
    this.#coming = await beginEpoch(this.#parts.recipients);
    return { name: this.#coming.id, wrappedKey: this.#coming.wrappedKey };
  }

  /** What was sealed before cannot be opened here any more. */
  beginEpoch(id: number): void {
    if (this.#coming === undefined) return;
    this.#epoch?.keys.end();
    this.#epoch = { id, keys: this.#coming };
    this.#coming = undefined;
  }

  get isReady(): boolean {
    return this.#epoch !== undefined;
  }

  /** In the order of their numbers; what is sealed already is left out. On disk when it resolves, or nothing of it. */
  async seal(batches: readonly Batch[]): Promise<OpenEntry[]> {
    const { file, keys } = this.#parts;
    const from = file.count();
    const [entries, wrapped, opened]: [Entry[], Uint8Array[], OpenEntry[]] = [[], [], []];
    try {
      for (const { first, happenings, openly } of batches)
        for (const [place, told] of (JSON.parse(happenings) as Told[]).entries()) {
          const number = first + place;
          if (number < from) continue;
          const { entry, wrappedKey, disclosures } = this.#sealed(number, told);
          entries.push(entry);
          wrapped.push(wrappedKey);
          if (openly.includes(number)) opened.push({ number, leaf: Buffer.from(entry.leaf).toString(), disclosures });
        }
      // What failed before has left keys of entries that are not there.
      await keys.withdraw(from);
      await keys.append(from, wrapped);
      file.add(entries);
    } catch (thrown) {
      this.#counts.clear();
      throw thrown;
    }
    return opened;
  }

  end(): void {
    this.#epoch?.keys.end();
    this.#coming?.end();
    this.#epoch = undefined;
  }

  #sealed(
    number: number,
    { happening, network, recorded }: Told,
  ): { readonly entry: Entry; readonly wrappedKey: Uint8Array; readonly disclosures: readonly string[] } {
    if (this.#epoch === undefined) throw new Error('no epoch has begun');
    const { id: epochId, keys } = this.#epoch;
    const portalId = happening.chat?.id ?? theHouse;
    const seq = (this.#counts.get(portalId) ?? this.#parts.file.countOf(portalId)) + 1;
    if (this.#counts.size >= chatsCounted) this.#counts.clear();
    this.#counts.set(portalId, seq);
    const fields = fieldsOf(happening, { seq, recorded, network });
    const seed = randomBytes(seedBytes);
    const { leaf, disclosures } = commit(fields, seed);
    const { sealed, wrappedKey } = keys.seal(number, entryText(fields, seed));
    const { kind, at, event } = happening;
    const entry = {
      number,
      portalId,
      seq,
      kind,
      at,
      recordedAt: recorded,
      eventId: event ?? null,
      epochId,
      leaf,
      sealed,
    };
    return { entry, wrappedKey, disclosures };
  }
}
