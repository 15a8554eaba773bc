/**
 * The wrapped keys of the ledger's entries, in a file of their own, apart from the database: a key that was destroyed is
 * gone although backups of the database stay. What was appended survives a crash; a key that is there is never
 * overwritten by another one.
 *
 *   header   64 bytes: "chancery entry keys 1", a line feed and zeros
 *   records  64 bytes each; that of entry n begins at byte 64 * (n + 1)
 *
 * Overwriting is one pass, as NIST SP 800-88 asks for. It cannot reach copies that the disk or a copying file system
 * keeps out of sight, and none in backups of this file: those must expire.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ChanceryError, systemCodeOf } from '../base/errors.ts';
import {
  destroyedRecords,
  type EntryKey,
  keptRecord,
  readRecord,
  recordBytes,
  wrappedKeyBytes,
} from './entry-key-record.ts';
import { onDisk, readAt, syncDirectory, writeAll } from './file-bytes.ts';

const name = 'chancery entry keys ';
const header = Buffer.alloc(recordBytes);
header.write(`${name}1\n`, 'latin1');
/** So many records are read or overwritten at once. */
const batch = 4_096;

export class EntryKeys {
  readonly #path: string;
  readonly #file: FileHandle;
  #end: number;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: FileHandle, end: number) {
    this.#path = path;
    this.#file = file;
    this.#end = end;
  }

  /**
   * Opens the file, with mode 0600, or makes it. A record that was half appended is cut off. For one process at a time.
   * Throws `CH-ENTRY-KEYS-INVALID` for a file that is none of ours (it is not changed), `CH-STORE-FAILED`.
   */
  static async open(path: string): Promise<EntryKeys> {
    return opened(path, await onDisk(path, () => openOrMake(path)), async (file, bytes) => {
      await file.chmod(0o600);
      const end = recordsIn(bytes);
      if (end === 0) {
        await writeAll(file, header, 0);
        await file.sync();
        await syncDirectory(dirname(path));
      }
      await file.truncate(offsetOf(end));
      return new EntryKeys(path, file, end);
    });
  }

  /** For reading beside whoever writes, or in a backup: changes nothing. Throws as `open` does. */
  static async read(path: string): Promise<EntryKeys> {
    return opened(path, await onDisk(path, () => open(path, 'r')), (file, bytes) =>
      Promise.resolve(new EntryKeys(path, file, recordsIn(bytes))),
    );
  }

  /** For reading and destroying beside the thread that appends. Throws as `open` does. */
  static async beside(path: string): Promise<EntryKeys> {
    return opened(path, await onDisk(path, () => open(path, 'r+')), (file, bytes) =>
      Promise.resolve(new EntryKeys(path, file, recordsIn(bytes))),
    );
  }

  /** One past the last entry that has a place in the file, whatever became of its key. */
  get end(): number {
    return this.#end;
  }

  /**
   * Keeps the keys of the entries `first`, `first + 1`, ..., 60 bytes each; resolves when they are on disk: one write and
   * one sync. Entries that are passed over are missing. Throws `CH-ENTRY-KEYS-INVALID` when `first` is below `end`, and
   * `CH-STORE-FAILED`; then none of them was kept.
   */
  append(first: number, wrapped: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(async () => {
      if (!isEntryNumber(first) || first < this.#end)
        throw this.#invalid(`Entry ${first} cannot be appended; the next is ${this.#end}.`);
      if (wrapped.some(({ length }) => length !== wrappedKeyBytes))
        throw this.#invalid(`A wrapped key has ${wrappedKeyBytes} bytes.`);
      if (wrapped.length === 0) return;
      const records = Buffer.concat(wrapped.map((key, at) => keptRecord(first + at, key)));
      try {
        // What an append that failed has left behind must not be taken for the keys of entries that are passed over.
        if (first > this.#end) await this.#file.truncate(offsetOf(this.#end));
        await writeAll(this.#file, records, offsetOf(first));
        await this.#file.datasync();
      } catch (thrown) {
        await this.#file.truncate(offsetOf(this.#end)).catch(() => undefined);
        throw thrown;
      }
      this.#end = first + wrapped.length;
    });
  }

  /** The wrapped key of this entry, or why there is none. Throws `CH-STORE-FAILED`. */
  async get(number: number): Promise<EntryKey> {
    if (!isEntryNumber(number)) return 'missing';
    const record = await onDisk(this.#path, () => readAt(this.#file, offsetOf(number), Buffer.alloc(recordBytes)));
    return record.length === recordBytes ? readRecord(number, record) : 'missing';
  }

  /**
   * Overwrites the keys of these entries; resolves when that is on disk. May be repeated. Entries that have no place in
   * the file have no key to destroy, and stay missing. Throws `CH-STORE-FAILED`: then some may be destroyed, do it again.
   */
  destroy(numbers: readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      // Somebody else may have appended meanwhile.
      this.#end = Math.max(this.#end, recordsIn((await this.#file.stat()).size));
      const sorted = [...new Set(numbers)]
        .filter((number) => isEntryNumber(number) && number < this.#end)
        .sort((one, two) => one - two);
      for (const { first, count } of runs(sorted)) await writeAll(this.#file, destroyedRecords(count), offsetOf(first));
      if (sorted.length > 0) await this.#file.datasync();
    });
  }

  /**
   * Forgets the keys from this entry on: those that were appended for entries that the ledger then did not commit. To be
   * called at start with the number of entries of the ledger, and after a commit that failed. Throws `CH-STORE-FAILED`.
   */
  withdraw(from: number): Promise<void> {
    return this.#inTurn(async () => {
      if (!isEntryNumber(from) || from >= this.#end) return;
      await this.#file.truncate(offsetOf(from));
      this.#end = from;
      await this.#file.sync();
    });
  }

  /** Of the first `count` entries, those whose key is not kept, and why. Reads all of them. Throws `CH-STORE-FAILED`. */
  async *gone(count: number): AsyncGenerator<{ readonly number: number; readonly why: Exclude<EntryKey, Uint8Array> }> {
    const buffer = Buffer.alloc(batch * recordBytes);
    for (let first = 0; first < count; first += batch) {
      const records = await onDisk(this.#path, () => readAt(this.#file, offsetOf(first), buffer));
      for (let number = first; number < Math.min(first + batch, count); number += 1) {
        const at = (number - first) * recordBytes;
        const why =
          at + recordBytes > records.length ? 'missing' : readRecord(number, records.subarray(at, at + recordBytes));
        if (typeof why === 'string') yield { number, why };
      }
    }
  }

  /** Waits for what was begun. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#file.close());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => onDisk(this.#path, work));
    this.#last = done.catch(() => undefined);
    return done;
  }

  #invalid(detail: string): ChanceryError {
    return new ChanceryError('CH-ENTRY-KEYS-INVALID', { place: this.#path, detail });
  }
}

const offsetOf = (number: number): number => (number + 1) * recordBytes;
const recordsIn = (bytes: number): number => Math.max(0, Math.floor(bytes / recordBytes) - 1);
const isEntryNumber = (number: number): boolean =>
  number >= 0 && Number.isSafeInteger(number) && Number.isSafeInteger(offsetOf(number));

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
    return await open(path, 'wx+', 0o600);
  }
}

/** Looks at the header first; closes the file when it is not to be used. */
async function opened(
  path: string,
  file: FileHandle,
  use: (file: FileHandle, bytes: number) => Promise<EntryKeys>,
): Promise<EntryKeys> {
  try {
    return await onDisk(path, async () => {
      const stats = await file.stat();
      const found = stats.isFile() ? await readAt(file, 0, Buffer.alloc(recordBytes)) : undefined;
      if (found === undefined || !isHeader(found, stats.size))
        throw new ChanceryError('CH-ENTRY-KEYS-INVALID', { place: path, detail: detailOf(found) });
      return await use(file, stats.size);
    });
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** A crash while the file was made leaves a beginning of the header, or zeros in its place, and no record. */
function isHeader(found: Uint8Array, fileBytes: number): boolean {
  if (header.subarray(0, found.length).equals(found)) return true;
  return fileBytes <= recordBytes && found.every((byte) => byte === 0);
}

function detailOf(found: Uint8Array | undefined): string {
  const isOfAnotherVersion = found !== undefined && Buffer.from(found).toString('latin1').startsWith(name);
  return isOfAnotherVersion
    ? 'It was written by another version of Chancery.'
    : 'It is no file of entry keys, or its beginning is damaged.';
}

/** Consecutive numbers together. */
function* runs(sorted: readonly number[]): Generator<{ first: number; count: number }> {
  let [first, count] = [0, 0];
  for (const number of sorted) {
    if (count > 0 && number === first + count && count < batch) {
      count += 1;
      continue;
    }
    if (count > 0) yield { first, count };
    [first, count] = [number, 1];
  }
  if (count > 0) yield { first, count };
}
