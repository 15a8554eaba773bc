/** The tree over the entries: RFC 6962, section 2.1. Hashes have 32 bytes; level 0 is that of the leaves. */
import { createHash } from 'node:crypto';

export const hashBytes = 32;

export const leafHash = (leaf: Uint8Array): Uint8Array => createHash('sha256').update(leafPrefix).update(leaf).digest();
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  createHash('sha256').update(nodePrefix).update(left).update(right).digest();

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
/** RFC 6962: "The hash of an empty list is the hash of an empty string". */
const emptyRoot = (): Uint8Array => createHash('sha256').digest();

/** The hash of the complete subtree over `2 ** level` leaves that begins at leaf `index * 2 ** level`. */
export type ReadHash = (level: number, index: number) => Promise<Uint8Array>;

/** The head of the tree over the first `size` entries. Reads one hash for each bit of the size. */
export async function rootOf(size: number, read: ReadHash): Promise<Uint8Array> {
  return size === 0 ? emptyRoot() : subtree(0, size, read);
}

/** RFC 6962, section 2.1.1: from the neighbour upwards. Throws a `RangeError` where there is no such entry. */
export async function inclusionProof(index: number, size: number, read: ReadHash): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError(`no entry ${index} of ${size}`);
  const path: Uint8Array[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      path.push(await subtree(middle, to, read));
      to = middle;
    } else {
      path.push(await subtree(from, middle, read));
      from = middle;
    }
  }
  return path.reverse();
}

/** The root that a leaf and its path lead to; undefined where the path cannot be one of this place (RFC 9162, 2.1.3.2). */
export function rootFrom(
  index: number,
  size: number,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  let [node, last] = [index, size - 1];
  let hash = leaf;
  if (!Number.isSafeInteger(index) || index < 0 || index > last) return undefined;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : undefined;
}

async function subtree(from: number, to: number, read: ReadHash): Promise<Uint8Array> {
  const count = to - from;
  const level = Math.floor(Math.log2(count));
  if (2 ** level === count && from % count === 0) return read(level, from / count);
  const middle = from + largestPowerBelow(count);
  return nodeHash(await subtree(from, middle, read), await subtree(middle, to, read));
}

/** The largest power of two below `count`, which is at least 2. */
function largestPowerBelow(count: number): number {
  const power = 2 ** Math.floor(Math.log2(count));
  return power === count ? power / 2 : power;
}
