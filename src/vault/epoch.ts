/**
 * An epoch of the ledger. While it lasts, entries are sealed; what seals them lies in memory only and is forgotten when
 * the epoch ends. From then on nobody opens them but a records officer with the officer's own key: not the bridge, and not
 * who has its whole disk.
 */
import { randomBytes } from 'node:crypto';
import { ChanceryError, type ErrorCode } from '../base/errors.ts';
import { keyBytes } from './derive-key.ts';
import type { EntryKey } from './entry-key-record.ts';
import { openEntry, sealEntry, unwrapEntryKey, wrapEntryKey } from './entry-sealing.ts';
import { type EpochKey, unwrapEpochKey, wrapEpochKey } from './epoch-key.ts';
import type { OfficerKey } from './officer-key.ts';

export interface SealedEntry {
  /** 16 bytes longer than the entry. For the ledger. */
  readonly sealed: Uint8Array;
  /** 60 bytes. For the file of entry keys, and nowhere else: there it can be destroyed. */
  readonly wrappedKey: Uint8Array;
}

/** An epoch that goes on. It only seals: nothing in it opens an entry. */
export class Epoch {
  /** 128 random bits as 32 hex digits. */
  readonly id: string;
  /** The key for the recipients, an age file as text. To be kept before the first entry is. */
  readonly wrappedKey: string;
  #key: Uint8Array | undefined;

  constructor({ id, key }: EpochKey, wrappedKey: string) {
    this.id = id;
    this.wrappedKey = wrappedKey;
    this.#key = key;
  }

  /** `number` is the entry's, from 0. Throws `CH-RECORDS-EPOCH-ENDED`. */
  seal(number: number, bytes: Uint8Array): SealedEntry {
    if (this.#key === undefined) throw new ChanceryError('CH-RECORDS-EPOCH-ENDED', { place: this.id });
    const key = randomBytes(keyBytes);
    try {
      return { sealed: sealEntry(key, number, bytes), wrappedKey: wrapEntryKey(this.#key, this.id, number, key) };
    } finally {
      key.fill(0);
    }
  }

  /** Overwrites the key. May be repeated. */
  end(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }
}

/** Throws `CH-RECIPIENT-INVALID`. */
export async function beginEpoch(recipients: readonly string[]): Promise<Epoch> {
  const epoch = { id: randomBytes(16).toString('hex'), key: randomBytes(keyBytes) };
  return new Epoch(epoch, await wrapEpochKey(epoch, recipients));
}

const whyNot: Readonly<Record<Exclude<EntryKey, Uint8Array>, ErrorCode>> = {
  destroyed: 'CH-RECORDS-DESTROYED',
  missing: 'CH-RECORDS-KEY-MISSING',
  damaged: 'CH-RECORDS-DAMAGED',
};

/** An epoch in the hands of an officer. It only opens. */
export class OpenedEpoch {
  readonly id: string;
  #key: Uint8Array | undefined;

  constructor({ id, key }: EpochKey) {
    this.id = id;
    this.#key = key;
  }

  /**
   * The entry; `key` as `EntryKeys.get` or `Epoch.seal` gave it. Throws `CH-RECORDS-DESTROYED`, `CH-RECORDS-KEY-MISSING`,
   * `CH-RECORDS-DAMAGED` when this is not what was sealed under this number in this epoch, and `CH-RECORDS-EPOCH-ENDED`
   * after `close`.
   */
  open(number: number, sealed: Uint8Array, key: EntryKey): Uint8Array {
    if (this.#key === undefined) throw new ChanceryError('CH-RECORDS-EPOCH-ENDED', { place: this.id });
    const place = `entry ${number}`;
    if (typeof key === 'string') throw new ChanceryError(whyNot[key], { place });
    const entryKey = unwrapEntryKey(this.#key, this.id, number, key);
    const bytes = entryKey === undefined ? undefined : openEntry(entryKey, number, sealed);
    entryKey?.fill(0);
    if (bytes === undefined) throw new ChanceryError('CH-RECORDS-DAMAGED', { place });
    return bytes;
  }

  /** Overwrites the key; nothing opens any more. */
  close(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }
}

/**
 * `wrapped` is an epoch's `wrappedKey`, perhaps rewrapped; one of the officers must be among its recipients. Throws
 * `CH-RECORDS-KEY-WRONG` (or the part of the text that is for these officers is damaged) and `CH-RECORDS-DAMAGED`.
 */
export async function openEpoch(wrapped: string, officers: readonly OfficerKey[]): Promise<OpenedEpoch> {
  return new OpenedEpoch(await unwrapEpochKey(wrapped, officers));
}
