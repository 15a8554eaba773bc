/**
 * The tree as static files that anybody may be served: C2SP tlog-tiles, with tiles of 256 hashes. Appending writes the
 * right edge of the tree and nothing else; after a start the edge is read back and nothing is computed anew.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { replaceFile } from '../vault/replace-file.ts';
import { FullTiles } from './full-tiles.ts';
import { hashBytes, leafHash, nodeHash, type ReadHash } from './merkle.ts';

const width = 256;
const heightOfTile = 8;

/** What of a tile at the right edge is there, and what of it is on disk. */
interface EdgeTile {
  readonly hashes: Uint8Array[];
  number: number;
}

export class Tiles {
  readonly #directory: string;
  /** By level of tiles. */
  #edge: EdgeTile[] = [];
  /** The entries of the bundle at the right edge. */
  #bundle: Uint8Array[] = [];
  #size = 0;
  readonly #full = new FullTiles();

  /** Files lie below `directory`, as their paths are in the specification. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Entries in the tree. */
  get size(): number {
    return this.#size;
  }

  /** Reads the right edge of the tree of this size. False where something of it is missing or is not of that size. */
  async load(size: number): Promise<boolean> {
    const edge: EdgeTile[] = [];
    for (let [level, count] = [0, size]; count > 0; level += 1, count = Math.floor(count / width)) {
      const number = Math.floor(count / width);
      const kept = await this.#tile(level, number, count % width);
      if (kept === undefined) return false;
      edge.push({ number, hashes: split(kept) });
    }
    const bundle = await this.#entries(Math.floor(size / width), size % width);
    if (bundle === undefined) return false;
    [this.#edge, this.#bundle, this.#size] = [edge, bundle, size];
    this.#full.clear();
    return true;
  }

  /** The tree is empty from now on; what lies there is written over. */
  empty(): void {
    [this.#edge, this.#bundle, this.#size] = [[], [], 0];
    this.#full.clear();
  }

  /** Takes these leaves in; what fills a tile is written. `flush` writes the rest. Throws `CH-STORE-FAILED`. */
  async append(leaves: readonly Uint8Array[]): Promise<void> {
    for (const leaf of leaves) {
      this.#bundle.push(leaf);
      if (this.#bundle.length === width) {
        await this.#write(bundlePath(Math.floor(this.#size / width)), bundled(this.#bundle));
        this.#bundle = [];
      }
      await this.#push(0, leafHash(leaf));
      this.#size += 1;
    }
  }

  /** Writes what is not full. From then on the tree of this size can be read by others. Throws `CH-STORE-FAILED`. */
  async flush(): Promise<void> {
    for (const [level, { number, hashes }] of this.#edge.entries())
      if (hashes.length > 0) await this.#write(tilePath(level, number, hashes.length), Buffer.concat(hashes));
    if (this.#bundle.length > 0)
      await this.#write(bundlePath(Math.floor(this.#size / width), this.#bundle.length), bundled(this.#bundle));
  }

  /** Throws `CH-STORE-FAILED` where a tile is missing. */
  readonly hash: ReadHash = async (level, index) => {
    const tileLevel = Math.floor(level / heightOfTile);
    const height = level % heightOfTile;
    const from = index * 2 ** height;
    const number = Math.floor(from / width);
    const edge = this.#edge[tileLevel];
    if (edge?.number === number) return reduced(edge.hashes.slice(from % width, (from % width) + 2 ** height));
    const tree = await this.#full.get(`${tileLevel}/${number}`, () => this.#whole(tileLevel, number));
    const hash = tree[height]?.[(from % width) / 2 ** height];
    if (hash === undefined) throw new RangeError(`a tile has no hash ${index} of height ${height}`);
    return hash;
  };

  async #push(level: number, hash: Uint8Array): Promise<void> {
    const tile = (this.#edge[level] ??= { number: 0, hashes: [] });
    tile.hashes.push(hash);
    if (tile.hashes.length < width) return;
    await this.#write(tilePath(level, tile.number), Buffer.concat(tile.hashes));
    await rm(join(this.#directory, `${tilePath(level, tile.number)}.p`), { recursive: true, force: true });
    const root = reduced(tile.hashes);
    this.#edge[level] = { number: tile.number + 1, hashes: [] };
    await this.#push(level + 1, root);
  }

  async #whole(level: number, number: number): Promise<readonly Uint8Array[]> {
    const bytes = await this.#read(tilePath(level, number));
    if (bytes?.length === width * hashBytes) return split(bytes);
    throw new ChanceryError('CH-STORE-FAILED', {
      place: tilePath(level, number),
      detail: 'A tile of the tree is missing.',
    });
  }

  /** The first hashes of a tile; undefined where they are not there. */
  async #tile(level: number, number: number, count: number): Promise<Uint8Array | undefined> {
    if (count === 0) return new Uint8Array();
    const bytes = (await this.#read(tilePath(level, number, count))) ?? (await this.#read(tilePath(level, number)));
    return bytes !== undefined && bytes.length >= count * hashBytes ? bytes.subarray(0, count * hashBytes) : undefined;
  }

  async #entries(number: number, count: number): Promise<Uint8Array[] | undefined> {
    if (count === 0) return [];
    const bytes = (await this.#read(bundlePath(number, count))) ?? (await this.#read(bundlePath(number)));
    const entries = bytes === undefined ? [] : unbundled(bytes);
    return entries.length >= count ? entries.slice(0, count) : undefined;
  }

  async #read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#directory, path));
    } catch (thrown) {
      if (systemCodeOf(thrown) === 'ENOENT') return undefined;
      throw new ChanceryError('CH-STORE-FAILED', { place: path, detail: messageOf(thrown), cause: thrown });
    }
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const whole = join(this.#directory, path);
    try {
      await mkdir(dirname(whole), { recursive: true, mode: 0o700 });
      await replaceFile(whole, bytes);
    } catch (thrown) {
      throw new ChanceryError('CH-STORE-FAILED', { place: whole, detail: messageOf(thrown), cause: thrown });
    }
  }
}

/** tlog-tiles, "Parameters": three digits a folder, all but the last with an `x` before it. */
function numbered(number: number): string {
  const digits = String(number).padStart(Math.ceil(String(number).length / 3) * 3, '0');
  const groups = digits.match(/.{3}/g) ?? [];
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
}

const partial = (count: number | undefined): string => (count === undefined ? '' : `.p/${count}`);
const tilePath = (level: number, number: number, count?: number): string =>
  `tile/${level}/${numbered(number)}${partial(count)}`;
const bundlePath = (number: number, count?: number): string => `tile/entries/${numbered(number)}${partial(count)}`;

/** tlog-tiles, "Log entries": each with its length before it, in two bytes, the larger first. */
function bundled(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

function unbundled(bytes: Buffer): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

const split = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / hashBytes }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes));

/** The root over a power of two of hashes. */
function reduced(hashes: readonly Uint8Array[]): Uint8Array {
  const [left, right] = hashes;
  if (left === undefined) throw new RangeError('there is no root over nothing');
  if (right === undefined) return left;
  if (hashes.length === 2) return nodeHash(left, right);
  const half = hashes.length / 2;
  return nodeHash(reduced(hashes.slice(0, half)), reduced(hashes.slice(half)));
}
