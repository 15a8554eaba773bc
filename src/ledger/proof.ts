/** That an entry is in the tree, for who has nothing else: C2SP tlog-proof. */
import { openHead } from './checkpoint.ts';
import { hashBytes, leafHash, rootFrom } from './merkle.ts';

const first = 'c2sp.org/tlog-proof@v1';
const maxPath = 64;

export function writeProof(index: number, path: readonly Uint8Array[], checkpoint: string): string {
  const hashes = path.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
  return `${first}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

/** The place of this leaf in the tree of this key, or what is wrong. Whatever it is given, it does not throw. */
export function verifyProof(
  proof: string,
  leaf: Uint8Array,
  verifierKey: string,
): { readonly index: number; readonly size: number } | { readonly fault: string } {
  const end = proof.indexOf('\n\n');
  const lines = proof
    .slice(0, end)
    .split('\n')
    .filter((line) => !line.startsWith('extra '));
  const [title, place = '', ...hashes] = lines;
  const digits = /^index (0|[1-9]\d{0,15})$/.exec(place)?.[1];
  if (end < 0 || title !== first || digits === undefined || hashes.length > maxPath)
    return { fault: 'the proof is none' };
  const path = hashes.map((hash) => Buffer.from(hash, 'base64'));
  if (path.some((hash, at) => hash.length !== hashBytes || hash.toString('base64') !== hashes[at]))
    return { fault: 'the proof has something in it that is no hash' };
  const head = openHead(proof.slice(end + 2), verifierKey);
  if ('fault' in head) return head;
  const index = Number(digits);
  const root = rootFrom(index, head.size, leafHash(leaf), path);
  if (root === undefined || !Buffer.from(root).equals(head.root))
    return { fault: 'the proof does not lead to the head' };
  return { index, size: head.size };
}
