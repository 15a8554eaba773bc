/** Heads, tiles and entries as Go's own transparency log reads them (golang.org/x/mod/sumdb). */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { signerOf, signHead } from '../../../src/ledger/checkpoint.ts';
import { commit } from '../../../src/ledger/commitment.ts';
import { rootOf } from '../../../src/ledger/merkle.ts';
import { Tiles } from '../../../src/ledger/tiles.ts';
import { fetched, go } from '../../peers/judges.ts';

const source = resolve(import.meta.dirname, '../../peers/go-verifier');
const version = createHash('sha256')
  .update(readFileSync(join(source, 'main.go')))
  .digest('hex')
  .slice(0, 16);
const judge = fetched(`go-verifier-${version}`, 'golang.org/x/mod/sumdb (Go)', (into) => {
  go(['build', '-o', join(into, 'verifier'), '.'], {}, source);
});

const signer = signerOf('agency.example/chancery', new Uint8Array(32).fill(9));
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'judged-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function ledgerOf(size: number): Promise<void> {
  const tiles = new Tiles(directory);
  await tiles.append(Array.from({ length: size }, (_, at) => commit([['seq', at]], randomBytes(32)).leaf));
  await tiles.flush();
  writeFileSync(join(directory, 'checkpoint'), signHead({ size, root: await rootOf(size, tiles.hash) }, signer));
}
const judged = (key = signer.verifierKey): string =>
  execFileSync(join(judge ?? '', 'verifier'), [directory, key], { encoding: 'utf8', stdio: 'pipe' });

(judge === undefined ? describe.skip : describe)('Go’s transparency log', () => {
  test.each([1, 2, 3, 255, 256, 257, 600, 66_000])('takes a ledger of %i entries', async (size) => {
    await ledgerOf(size);
    expect(judged()).toBe(`${size} entries\n`);
  });

  test('takes none that was signed with another key, and none in which a tile is another', async () => {
    await ledgerOf(300);
    expect(() => judged(signerOf('agency.example/chancery', new Uint8Array(32)).verifierKey)).toThrow('Command failed');
    for (const name of readdirSync(join(directory, 'tile/0'))) {
      const path = join(directory, 'tile/0', name === '000' ? name : `${name}/44`);
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.from(bytes).fill(0, 10, 11));
      expect(() => judged()).toThrow('Command failed');
      writeFileSync(path, bytes);
    }
    expect(judged()).toBe('300 entries\n');
  });
});
