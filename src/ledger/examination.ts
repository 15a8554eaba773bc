/** Whether the ledger is whole in itself: what needs nobody's key and no homeserver. */
import type { Store } from '../store/store.ts';
import type { EntryKeys } from '../vault/entry-keys.ts';
import { openHead } from './checkpoint.ts';
import { leafHash, nodeHash } from './merkle.ts';
import type { Publishing } from './publishing.ts';

export interface LedgerParts {
  readonly store: Store;
  readonly keys: EntryKeys;
  readonly publishing: Publishing;
}

export interface LedgerFinding {
  readonly what: 'tree' | 'sequence' | 'key';
  readonly words: string;
}

const leavesAtOnce = 1_000;

/** Reads every entry. */
export async function* examineLedger({ store, keys, publishing }: LedgerParts): AsyncGenerator<LedgerFinding> {
  const { entries } = store.read;
  const { checkpoint, size } = await publishing.publish();
  const head = openHead(checkpoint, publishing.verifierKey);
  const root = await rootOfLeaves(size, (from, limit) => entries.leaves(from, limit));
  if ('fault' in head) yield { what: 'tree', words: `the signed head cannot be read: ${head.fault}` };
  else if (root === undefined) yield { what: 'tree', words: `fewer than ${size} entries are in the database` };
  else if (size > 0 && !Buffer.from(root).equals(head.root))
    yield { what: 'tree', words: `the ${size} entries in the database are not those over which the head was signed` };
  for (const { portalId, count, last } of await entries.sequences())
    if (count !== last)
      yield {
        what: 'sequence',
        words: `of chat ${portalId} there are ${count} entries, and the last has number ${last}`,
      };
  const disposed = new Uint8Array(size);
  for (const { ranges } of await store.read.disposals.all())
    for (const [from, to] of ranges) disposed.fill(1, from, to + 1);
  for await (const { number, why } of keys.gone(size))
    if (disposed[number] !== 1)
      yield {
        what: 'key',
        words: `the key of entry ${number} is ${why}${why === 'destroyed' ? ', and no disposal on record says so' : ''}`,
      };
}

/** RFC 6962 over leaves that pass by once; undefined where there are fewer. */
async function rootOfLeaves(
  size: number,
  read: (from: number, limit: number) => Promise<readonly Uint8Array[]>,
): Promise<Uint8Array | undefined> {
  // The complete subtrees to the left, the largest first.
  const peaks: { readonly leaves: number; readonly hash: Uint8Array }[] = [];
  for (let at = 0; at < size; ) {
    const leaves = await read(at, Math.min(leavesAtOnce, size - at));
    if (leaves.length === 0) return undefined;
    for (const leaf of leaves) {
      let peak = { leaves: 1, hash: leafHash(leaf) };
      for (let left = peaks.at(-1); left?.leaves === peak.leaves; left = peaks.at(-1)) {
        peaks.pop();
        peak = { leaves: peak.leaves * 2, hash: nodeHash(left.hash, peak.hash) };
      }
      peaks.push(peak);
    }
    at += leaves.length;
  }
  return peaks
    .map(({ hash }) => hash)
    .reduceRight<Uint8Array | undefined>(
      (right, left) => (right === undefined ? left : nodeHash(left, right)),
      undefined,
    );
}
