/**
 * Media at rest. A file is streamed in and out, never held whole in memory; on disk it is unreadable without the
 * secret, its name tells nothing about its content, and it is either whole or not there.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { type FileHandle, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { ChanceryError, systemCodeOf } from '../base/errors.ts';
import type { SealedFile } from '../model/content.ts';
import { asId, type MediaName } from '../model/ids.ts';
import { deriveKey } from './derive-key.ts';
import { onDisk, readAt, syncDirectory, writeAll } from './file-bytes.ts';
import { ensurePrivateDirectory } from './private-directory.ts';
import {
  headerBytes,
  keysOf,
  makeHeader,
  openChunk,
  openHeader,
  plainChunkBytes,
  sealChunk,
  sealedBytes,
  sealedChunkBytes,
} from './sealed-format.ts';

export interface SealOptions {
  readonly maxBytes: number;
  /** Hex SHA-256 that the plain bytes must have. */
  readonly expectedSha256?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const unfinished = '.part';
const fileName = /^[0-9a-f]{64}$/u;

export class SealedFiles {
  readonly #directory: string;
  readonly #contentKey: Uint8Array;
  readonly #nameKey: Uint8Array;

  /** `secret` is 32 bytes. Makes the folder with mode 0700. Throws `CH-STORE-FAILED`. */
  constructor(directory: string, secret: Uint8Array) {
    ensurePrivateDirectory(directory);
    this.#directory = directory;
    this.#contentKey = deriveKey(secret, 'sealed files: content');
    this.#nameKey = deriveKey(secret, 'sealed files: names');
  }

  /**
   * Consumes the stream; resolves when the sealed file is durable. The same content sealed again is the same file.
   * Throws `CH-MEDIA-TOO-LARGE`, `CH-MEDIA-DAMAGED` (another hash than expected), `CH-STORE-FAILED` (disk), or what the
   * stream failed with; then no file is left and the stream is destroyed.
   */
  async seal(stream: Readable, { maxBytes, expectedSha256, signal }: SealOptions): Promise<SealedFile> {
    const part = join(this.#directory, `${randomUUID()}${unfinished}`);
    // A stream that fails before it is read would otherwise end the process; reading it reports the failure.
    stream.once('error', () => undefined);
    try {
      const file = await onDisk(part, () => open(part, 'wx', 0o600));
      let sealed: SealedFile;
      try {
        sealed = await this.#write(part, file, signal ? addAbortSignal(signal, stream) : stream, maxBytes);
        if (expectedSha256 !== undefined && expectedSha256.toLowerCase() !== sealed.sha256) {
          throw new ChanceryError('CH-MEDIA-DAMAGED', { detail: 'Its SHA-256 is not the one that was announced.' });
        }
        await onDisk(part, () => file.sync());
      } finally {
        await file.close();
      }
      await onDisk(part, () => rename(part, this.#path(sealed.name)));
      await onDisk(this.#directory, () => syncDirectory(this.#directory));
      return sealed;
    } catch (thrown) {
      stream.destroy();
      await rm(part, { force: true });
      throw thrown;
    }
  }

  /**
   * The plain bytes; every byte was authenticated before it is passed on. The stream fails with `CH-MEDIA-DAMAGED` when
   * this is not the file that was sealed, with `CH-MEDIA-GONE` when there is none. It must be consumed or destroyed.
   */
  open(file: SealedFile): Readable {
    return Readable.from(this.#read(file), { objectMode: false, highWaterMark: plainChunkBytes });
  }

  /** Whether there is such a file. */
  async has(name: MediaName): Promise<boolean> {
    try {
      return (await stat(this.#path(name))).isFile();
    } catch (thrown) {
      if (systemCodeOf(thrown) === 'ENOENT') return false;
      throw new ChanceryError('CH-STORE-FAILED', { place: name, cause: thrown });
    }
  }

  /** Does nothing when there is no such file. One file may stand for several messages: ask only when none is left. */
  async remove(name: MediaName): Promise<void> {
    const path = this.#path(name);
    await onDisk(name, () => rm(path, { force: true }));
  }

  async removeAll(names: readonly MediaName[]): Promise<void> {
    for (const name of names) await this.remove(name);
  }

  /**
   * Removes what a crash left behind: unfinished files, and those that `keep` does not know. Resolves to their number.
   * For the time before the first `seal`, whose result nobody could have recorded yet. Foreign files are left alone.
   */
  async sweep(keep: (name: MediaName) => boolean | Promise<boolean>): Promise<number> {
    let removed = 0;
    for await (const { name } of await opendir(this.#directory)) {
      const leftover = fileName.test(name) ? !(await keep(asId<MediaName>(name))) : name.endsWith(unfinished);
      if (!leftover) continue;
      await onDisk(name, () => rm(join(this.#directory, name), { force: true }));
      removed += 1;
    }
    return removed;
  }

  async #write(part: string, file: FileHandle, stream: Readable, maxBytes: number): Promise<SealedFile> {
    const keys = keysOf(this.#contentKey);
    const hash = createHash('sha256');
    const pending = Buffer.alloc(plainChunkBytes);
    let [filled, number, sizeBytes, position] = [0, 0, 0, headerBytes];
    const flush = async (last: boolean): Promise<void> => {
      const parts = sealChunk(keys.content, number, last, pending.subarray(0, filled));
      for (const sealed of parts) position += await onDisk(part, () => writeAll(file, sealed, position));
      number += 1;
      filled = 0;
    };
    for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      sizeBytes += bytes.length;
      if (sizeBytes > maxBytes) {
        throw new ChanceryError('CH-MEDIA-TOO-LARGE', { detail: `At most ${maxBytes} bytes are taken.` });
      }
      hash.update(bytes);
      for (let taken = 0; taken < bytes.length; ) {
        // A full chunk waits for the next byte: only then it is known not to be the last.
        if (filled === plainChunkBytes) await flush(false);
        const piece = bytes.subarray(taken, taken + plainChunkBytes - filled);
        pending.set(piece, filled);
        filled += piece.length;
        taken += piece.length;
      }
    }
    await flush(true);
    const identity = { sizeBytes, sha256: hash.digest('hex') };
    await onDisk(part, () => writeAll(file, makeHeader(keys, identity), 0));
    return { name: this.#nameFor(identity.sha256), ...identity };
  }

  async *#read(file: SealedFile): AsyncGenerator<Uint8Array, void, undefined> {
    const damaged = (): ChanceryError => new ChanceryError('CH-MEDIA-DAMAGED', { place: file.name });
    const handle = await this.#openSealed(file.name);
    try {
      if ((await handle.stat()).size !== sealedBytes(file.sizeBytes)) throw damaged();
      const keys = openHeader(
        this.#contentKey,
        await onDisk(file.name, () => readAt(handle, 0, Buffer.alloc(headerBytes))),
        file,
      );
      if (keys === undefined) throw damaged();
      const chunks = Math.max(1, Math.ceil(file.sizeBytes / plainChunkBytes));
      const buffer = Buffer.allocUnsafeSlow(sealedChunkBytes);
      for (let number = 0; number < chunks; number += 1) {
        const position = headerBytes + number * sealedChunkBytes;
        const sealed = await onDisk(file.name, () => readAt(handle, position, buffer));
        const plain = openChunk(keys.content, number, number === chunks - 1, sealed);
        if (plain === undefined) throw damaged();
        if (plain.length > 0) yield plain;
      }
    } finally {
      await handle.close();
    }
  }

  async #openSealed(name: MediaName): Promise<FileHandle> {
    const path = this.#path(name);
    try {
      return await open(path, 'r');
    } catch (thrown) {
      const code = systemCodeOf(thrown) === 'ENOENT' ? 'CH-MEDIA-GONE' : 'CH-STORE-FAILED';
      throw new ChanceryError(code, { place: name, cause: thrown });
    }
  }

  /** Names are guarded against paths: they come back from a database. */
  #path(name: MediaName): string {
    if (!fileName.test(name)) throw new ChanceryError('CH-MEDIA-GONE', { detail: 'This is not the name of a file.' });
    return join(this.#directory, name);
  }

  /** A keyed hash: who finds the disk cannot test whether it holds a file that they know. */
  #nameFor(sha256: string): MediaName {
    return asId<MediaName>(createHmac('sha256', this.#nameKey).update(sha256, 'hex').digest('hex'));
  }
}
