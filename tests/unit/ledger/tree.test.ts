/** The tree is that of RFC 6962, its heads and proofs those of C2SP: checked against a plain reading of the RFC. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openHead, signerOf, signHead } from '../../../src/ledger/checkpoint.ts';
import { commit, opened } from '../../../src/ledger/commitment.ts';
import { disclosuresIn, entryText } from '../../../src/ledger/entry-text.ts';
import { inclusionProof, leafHash, rootFrom, rootOf } from '../../../src/ledger/merkle.ts';
import { verifyProof, writeProof } from '../../../src/ledger/proof.ts';
import { Tiles } from '../../../src/ledger/tiles.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiles-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const sha256 = (...pieces: readonly Uint8Array[]): Buffer =>
  pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest();
/** RFC 6962, section 2.1, word by word. */
function plainRoot(leaves: readonly Uint8Array[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), first);
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(Uint8Array.of(1), plainRoot(leaves.slice(0, half)), plainRoot(leaves.slice(half)));
}
const leavesOf = (count: number): Buffer[] => Array.from({ length: count }, (_, at) => Buffer.from(`leaf ${at}`));
const treeOf = async (leaves: readonly Uint8Array[]): Promise<Tiles> => {
  const tiles = new Tiles(directory);
  await tiles.append(leaves);
  await tiles.flush();
  return tiles;
};
const signer = signerOf('agency.example/chancery', new Uint8Array(32).fill(5));

test('the roots are those that were published with the first implementations of RFC 6962', async () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const tiles = new Tiles(directory);
  for (const [at, input] of inputs.entries()) {
    await tiles.append([Buffer.from(input, 'hex')]);
    expect(Buffer.from(await rootOf(at + 1, tiles.hash)).toString('hex')).toBe(roots[at]);
  }
});

test.each([0, 1, 2, 3, 255, 256, 257, 511, 513, 1_000])(
  'a tree of %i entries has the root of the RFC',
  async (count) => {
    const leaves = leavesOf(count);
    expect(Buffer.from(await rootOf(count, (await treeOf(leaves)).hash))).toEqual(plainRoot(leaves));
  },
);

test('a tree of 70,000 entries has its tiles where the specification has them, and is taken up from them', async () => {
  const leaves = leavesOf(70_000);
  const tiles = await treeOf(leaves);
  const root = await rootOf(70_000, tiles.hash);
  expect(Buffer.from(root)).toEqual(plainRoot(leaves));
  expect(statSync(join(directory, 'tile/0/000')).size).toBe(256 * 32);
  expect(statSync(join(directory, 'tile/0/273.p/112')).size).toBe(112 * 32);
  expect(statSync(join(directory, 'tile/1/001.p/17')).size).toBe(17 * 32);
  expect(statSync(join(directory, 'tile/2/000.p/1')).size).toBe(32);
  const bundle = readFileSync(join(directory, 'tile/entries/273.p/112'));
  expect(bundle.readUInt16BE(0)).toBe('leaf 69888'.length);
  expect(bundle.toString('utf8', 2, 12)).toBe('leaf 69888');
  const again = new Tiles(directory);
  expect(await again.load(70_000)).toBe(true);
  await again.append([Buffer.from('one more')]);
  expect(Buffer.from(await rootOf(70_001, again.hash))).toEqual(plainRoot([...leaves, Buffer.from('one more')]));
});

test('a folder has no file but its owner can read it, and none that is half written', async () => {
  await treeOf(leavesOf(300));
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const about = statSync(join(directory, path));
    expect((about.mode & 0o077).toString(8)).toBe('0');
    expect(path.endsWith('.new')).toBe(false);
  }
});

test('every place in every small tree is proven, and the proof of one place proves no other', async () => {
  const tiles = await treeOf(leavesOf(40));
  for (let size = 1; size <= 40; size += 1) {
    const root = plainRoot(leavesOf(size));
    for (let index = 0; index < size; index += 1) {
      const path = await inclusionProof(index, size, tiles.hash);
      const leaf = leafHash(Buffer.from(`leaf ${index}`));
      expect(Buffer.from(rootFrom(index, size, leaf, path) ?? [])).toEqual(root);
      if (index > 0) expect(Buffer.from(rootFrom(index - 1, size, leaf, path) ?? [])).not.toEqual(root);
    }
  }
  await expect(inclusionProof(40, 40, tiles.hash)).rejects.toThrow(RangeError);
});

test('a head opens with its own key only, whoever else has signed it', () => {
  const note = signHead({ size: 3, root: plainRoot(leavesOf(3)) }, signer);
  const other = signerOf('agency.example/chancery', new Uint8Array(32).fill(6));
  const witnessed = `${note}\u2014 witness.example AAAAAAAA\n`;
  for (const text of [note, witnessed])
    expect(openHead(text, signer.verifierKey)).toEqual({ origin: signer.name, size: 3, root: plainRoot(leavesOf(3)) });
  expect(openHead(note, other.verifierKey)).toHaveProperty('fault');
  expect(openHead(note, 'none')).toHaveProperty('fault');
});

test('a proof or a head in which any bit is another proves nothing, and nothing makes reading them fail otherwise', async () => {
  const leaves = leavesOf(11);
  const tiles = await treeOf(leaves);
  const head = signHead({ size: 11, root: await rootOf(11, tiles.hash) }, signer);
  const proof = writeProof(7, await inclusionProof(7, 11, tiles.hash), head);
  const leaf = Buffer.from('leaf 7');
  expect(verifyProof(proof, leaf, signer.verifierKey)).toEqual({ index: 7, size: 11 });
  const bytes = Buffer.from(proof);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const found = verifyProof(flipped.toString('utf8'), leaf, signer.verifierKey);
    // A last digit of base64 has bits that say nothing.
    if (!('fault' in found)) expect(found).toEqual({ index: 7, size: 11 });
  }
  fc.assert(fc.property(fc.string(), fc.string(), (text, key) => void verifyProof(text, leaf, key)));
  fc.assert(fc.property(fc.string(), (text) => 'fault' in openHead(text, signer.verifierKey)));
});

test('a disclosure opens the field that it commits to; one that was changed, guessed or written otherwise opens none', () => {
  const fields = [
    ['kind', 'message'],
    ['content', { text: 'héllo 🏛' }],
    ['seq', 1],
  ] as const;
  const { leaf, disclosures } = commit(fields, randomBytes(32));
  expect(opened(leaf, disclosures)).toEqual({ fields });
  expect(opened(leaf, disclosures.slice(1))).toEqual({ fields: fields.slice(1) });
  expect(opened(leaf, [...disclosures, ...disclosures.slice(0, 1)])).toHaveProperty('fault');
  expect(opened(leaf, commit(fields, randomBytes(32)).disclosures)).toHaveProperty('fault');
  const [first = ''] = disclosures;
  for (const other of [`${first}=`, `${first} `, `${first.slice(0, -1)}\u0141`])
    expect(opened(leaf, [other])).toHaveProperty('fault');
  fc.assert(fc.property(fc.uint8Array(), fc.array(fc.string()), (bytes, texts) => void opened(bytes, texts)));
});

test('the number of digests does not tell how many fields there are, up to eight', () => {
  const digests = (count: number): number => {
    const { leaf } = commit(
      Array.from({ length: count }, (_, at) => [`field ${at}`, at]),
      randomBytes(32),
    );
    return (JSON.parse(Buffer.from(leaf).toString()) as { _sd: unknown[] })._sd.length;
  };
  expect([1, 5, 8, 9].map(digests)).toEqual([8, 8, 8, 16]);
});

test('a disclosure is digested as RFC 9901 shows it', () => {
  // RFC 9901, section 4.2.3.
  const disclosure = 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0';
  const digest = 'X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0';
  const leaf = Buffer.from(JSON.stringify({ _sd: [digest], _sd_alg: 'sha-256', v: 1 }));
  expect(opened(leaf, [disclosure])).toEqual({ fields: [['family_name', 'Möbius']] });
});

test('what is sealed gives the same disclosures back, whatever JSON the fields hold, and no text makes it throw', () => {
  const field = fc.tuple(
    fc.string(),
    fc.json({ maxDepth: 4 }).map((json) => JSON.parse(json) as unknown),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (fields, seed) => {
      expect(disclosuresIn(entryText(fields, seed))).toEqual(commit(fields, seed).disclosures);
    }),
  );
  fc.assert(fc.property(fc.json(), (text) => void disclosuresIn(Buffer.from(text))));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => disclosuresIn(bytes) === undefined || bytes.length > 0));
});
