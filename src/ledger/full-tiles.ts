/** Full tiles as they were read last, each with the hashes above its own: a full tile never changes. Bounded. */
import { nodeHash } from './merkle.ts';

/** Of 16 kilobytes each. */
const tilesKept = 256;

/** By height within the tile: 256 hashes, 128, and so on up to one. */
export type TileTree = readonly (readonly Uint8Array[])[];

export class FullTiles {
  readonly #kept = new Map<string, TileTree>();

  /** `read` is asked for what is not there. Throws what it throws. */
  async get(place: string, read: () => Promise<readonly Uint8Array[]>): Promise<TileTree> {
    const known = this.#kept.get(place);
    const tree = known ?? treeOver(await read());
    // The one that was used longest ago stands first.
    this.#kept.delete(place);
    this.#kept.set(place, tree);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > tilesKept && oldest !== undefined) this.#kept.delete(oldest);
    return tree;
  }

  clear(): void {
    this.#kept.clear();
  }
}

function treeOver(hashes: readonly Uint8Array[]): TileTree {
  const tree = [hashes];
  for (let below = hashes; below.length > 1; ) {
    const above: Uint8Array[] = [];
    for (let at = 0; at + 1 < below.length; at += 2) {
      const [left, right] = [below[at], below[at + 1]];
      if (left !== undefined && right !== undefined) above.push(nodeHash(left, right));
    }
    tree.push(above);
    below = above;
  }
  return tree;
}
