/**
 * A bag of records for somebody who asked (RFC 8493, BagIt 1.0; docs/record-format.md). Files are streamed; the bag is
 * one only when its declaration is there, which is written last.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';

export interface BagRecord {
  readonly number: number;
  readonly leaf: string;
  readonly disclosures: readonly string[];
}

interface BagFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha512: string;
}

export class Bag {
  readonly #directory: string;
  readonly #files: BagFile[] = [];
  /** Those that are made. */
  readonly #folders = new Set<string>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** The folder is made; one that has something in it is refused. Throws `CH-COMMAND-INVALID` and `CH-STORE-FAILED`. */
  static async begin(directory: string): Promise<Bag> {
    await onDisk(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
    if ((await onDisk(directory, () => readdir(directory))).length > 0)
      throw new ChanceryError('CH-COMMAND-INVALID', { place: directory, detail: 'This folder is not empty.' });
    return new Bag(directory);
  }

  /** Below `data/`. Lines or pieces are written as they come. */
  async add(path: string, pieces: Iterable<string> | AsyncIterable<string>): Promise<void> {
    const whole = await this.#folderOf(`data/${path}`);
    const hash = createHash('sha512');
    const bytes = await onDisk(whole, () => written(whole, pieces, (piece) => hash.update(piece)));
    this.#files.push({ path: `data/${path}`, bytes, sha512: hash.digest('hex') });
  }

  /**
   * As `add`, but only if the bytes are those that are expected (SHA-256 in lower-case hex); else there is no file, and
   * false. Nor is there one when this throws, and what is too much is not read.
   */
  async addIf(
    path: string,
    pieces: AsyncIterable<Uint8Array>,
    expected: { readonly sha256: string; readonly bytes: number },
  ): Promise<boolean> {
    const whole = await this.#folderOf(`data/${path}`);
    const [hash, expectedHash] = [createHash('sha512'), createHash('sha256')];
    let isIt = false;
    try {
      const bytes = await onDisk(whole, () =>
        written(whole, atMost(expected.bytes, pieces), (piece) => {
          hash.update(piece);
          expectedHash.update(piece);
        }),
      );
      isIt = bytes === expected.bytes && expectedHash.digest('hex') === expected.sha256;
      if (isIt) this.#files.push({ path: `data/${path}`, bytes, sha512: hash.digest('hex') });
      return isIt;
    } finally {
      if (!isIt) await this.#remove(whole);
    }
  }

  /**
   * A small file below `data/`, of which there are thousands: nobody else waits meanwhile, so this is the quickest way.
   * The disk is not waited for: what a power cut takes, the bag's verifier misses.
   */
  async addSmall(path: string, text: string): Promise<void> {
    const whole = await this.#folderOf(`data/${path}`);
    await onDisk(whole, async () => writeFileSync(whole, text, { flag: 'wx', mode: 0o600 }));
    this.#files.push({ path: `data/${path}`, bytes: Buffer.byteLength(text), sha512: sha512(text) });
  }

  /** The list of every file so far, for people (36 CFR 1235.48). It cannot list itself. */
  async addFindingAid(describe: (path: string) => string): Promise<void> {
    const rows = this.#files.map(({ path, bytes, sha512 }) => [path, String(bytes), sha512, describe(path)]);
    const csv = [['path', 'bytes', 'sha512', 'what'], ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`);
    await this.add('finding-aid.csv', csv);
  }

  /** Nothing may be added any more. Resolves to the lower-case hex SHA-512 of the list of the payload. */
  async seal(): Promise<string> {
    const manifest = listing(this.#files);
    await this.#put('manifest-sha512.txt', manifest);
    return sha512(manifest);
  }

  /** What stands outside the payload: that the bag was given is itself on record. */
  async finish(
    record: BagRecord,
    proof: string,
    checkpoint: string,
    about: Readonly<Record<string, string>>,
  ): Promise<void> {
    const payload = this.#files.reduce((bytes, file) => bytes + file.bytes, 0);
    const info = { ...about, 'Payload-Oxum': `${payload}.${this.#files.length}` };
    const declaration = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';
    const tags: (readonly [path: string, text: string])[] = [
      ['export/record.json', `${JSON.stringify(record)}\n`],
      ['export/proof.tlog-proof', proof],
      ['export/checkpoint', checkpoint],
      [
        'bag-info.txt',
        Object.entries(info)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join(''),
      ],
    ];
    for (const [path, text] of tags) await this.#put(path, text);
    const listed = [
      ...tags,
      ['manifest-sha512.txt', listing(this.#files)] as const,
      ['bagit.txt', declaration] as const,
    ].map(([path, text]) => ({ path, bytes: 0, sha512: sha512(text) }));
    await this.#put('tagmanifest-sha512.txt', listing(listed));
    await this.#put('bagit.txt', declaration);
    await onDisk(this.#directory, async () => {
      const folder = await open(this.#directory, 'r');
      await folder.sync().finally(() => folder.close());
    });
  }

  async #put(path: string, text: string): Promise<void> {
    const whole = await this.#folderOf(path);
    await onDisk(whole, () => writeFile(whole, text, { flag: 'wx', mode: 0o600, flush: true }));
  }

  /** And its folder, unless there is something else in it. */
  async #remove(whole: string): Promise<void> {
    const folder = dirname(whole);
    await onDisk(whole, () => rm(whole, { force: true }));
    const isOver = await onDisk(folder, () => rmdir(folder)).then(
      () => true,
      () => false,
    );
    if (isOver) this.#folders.delete(folder);
  }

  async #folderOf(path: string): Promise<string> {
    const whole = join(this.#directory, path);
    const folder = dirname(whole);
    if (!this.#folders.has(folder)) await onDisk(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    this.#folders.add(folder);
    return whole;
  }
}

/** Resolves to how many bytes there are, once they are on the disk. */
async function written<Piece extends string | Uint8Array>(
  whole: string,
  pieces: Iterable<Piece> | AsyncIterable<Piece>,
  note: (piece: Piece) => void,
): Promise<number> {
  const stream = createWriteStream(whole, { flags: 'wx', mode: 0o600, flush: true });
  const done = finished(stream);
  done.catch(() => undefined);
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      note(piece);
      bytes += Buffer.byteLength(piece);
      if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), done]);
    }
    stream.end();
  } catch (thrown) {
    stream.destroy();
    await done.catch(() => undefined);
    throw thrown;
  }
  await done;
  return bytes;
}

/** Ends with the piece that is too much. */
async function* atMost(bytes: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = bytes;
  for await (const piece of pieces) {
    yield piece;
    rest -= piece.length;
    if (rest < 0) return;
  }
}

const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex');
const listing = (files: readonly BagFile[]): string =>
  files.map(({ sha512: hash, path }) => `${hash}  ${path}\n`).join('');

/** RFC 4180; a cell that a spreadsheet would take for a formula is made a text. */
function quoted(cell: string): string {
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function onDisk<Result>(place: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ChanceryError || systemCodeOf(thrown) === undefined) throw thrown;
    throw new ChanceryError('CH-STORE-FAILED', { place, detail: messageOf(thrown), cause: thrown });
  }
}
