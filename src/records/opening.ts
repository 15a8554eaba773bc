/** Opens sealed entries with an officer's key. Nothing is believed that the leaf of the entry does not commit to. */
import { ChanceryError } from '../base/errors.ts';
import { type Field, opened } from '../ledger/commitment.ts';
import { disclosuresIn } from '../ledger/entry-text.ts';
import type { EntryKey } from '../vault/entry-key-record.ts';
import { type OpenedEpoch, openEpoch } from '../vault/epoch.ts';
import type { OfficerKey } from '../vault/officer-key.ts';

export interface SealedRecord {
  readonly number: number;
  readonly epochId: number;
  readonly leaf: string;
  readonly sealed: Uint8Array;
  readonly key: EntryKey;
}

export interface OpenRecord {
  readonly number: number;
  readonly leaf: string;
  readonly disclosures: readonly string[];
  readonly fields: ReadonlyMap<string, unknown>;
}

export interface WrappedEpoch {
  readonly id: number;
  readonly wrappedKey: string;
}

export class Opening {
  readonly #epochs: ReadonlyMap<number, WrappedEpoch>;
  readonly #officer: OfficerKey;
  readonly #opened = new Map<number, OpenedEpoch>();

  constructor(epochs: readonly WrappedEpoch[], officer: OfficerKey) {
    this.#epochs = new Map(epochs.map((epoch) => [epoch.id, epoch]));
    this.#officer = officer;
  }

  /** Throws `CH-RECORDS-DESTROYED`, `CH-RECORDS-KEY-MISSING`, `CH-RECORDS-KEY-WRONG` and `CH-RECORDS-DAMAGED`. */
  async open({ number, epochId, leaf, sealed, key }: SealedRecord): Promise<OpenRecord> {
    const epoch = await this.#epoch(epochId, number);
    const disclosures = disclosuresIn(epoch.open(number, sealed, key));
    const found = disclosures === undefined ? undefined : opened(Buffer.from(leaf), disclosures);
    if (disclosures === undefined || found === undefined || 'fault' in found)
      throw new ChanceryError('CH-RECORDS-DAMAGED', {
        place: `entry ${number}`,
        detail: 'It is not what its leaf says.',
      });
    return { number, leaf, disclosures, fields: new Map(found.fields.map(([name, value]: Field) => [name, value])) };
  }

  /** Nothing opens any more. */
  close(): void {
    for (const epoch of this.#opened.values()) epoch.close();
    this.#opened.clear();
  }

  async #epoch(id: number, number: number): Promise<OpenedEpoch> {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    const wrapped = this.#epochs.get(id);
    if (wrapped === undefined)
      throw new ChanceryError('CH-RECORDS-DAMAGED', { place: `entry ${number}`, detail: `There is no epoch ${id}.` });
    const epoch = await openEpoch(wrapped.wrappedKey, [this.#officer]);
    this.#opened.set(id, epoch);
    return epoch;
  }
}
