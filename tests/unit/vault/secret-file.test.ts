/** A token in a file is taken only where nobody else can read it, and what is wrong with it is told without repeating it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readTokenFile } from '../../../src/vault/secret-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'));
  path = join(folder, 'token');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the token is what is in the line', async () => {
  writeFileSync(path, 'pass-77\n', { mode: 0o600 });
  expect(await readTokenFile(path)).toBe('pass-77');
});

test.each(['', 'two words', 'two\nlines', 'pass\u00e9', 'x'.repeat(2_000)])('%j is none', async (words) => {
  writeFileSync(path, words, { mode: 0o600 });
  const refused: unknown = await readTokenFile(path).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: 'CH-SECRET-INVALID', place: path });
  if (words !== '') expect(String(refused)).not.toContain(words);
});

test('a file that others may read, or that is not there, is refused', async () => {
  await expect(readTokenFile(path)).rejects.toMatchObject({ code: 'CH-SECRET-MISSING', place: path });
  writeFileSync(path, 'pass-77');
  chmodSync(path, 0o644);
  await expect(readTokenFile(path)).rejects.toMatchObject({ code: 'CH-SECRET-INVALID', place: path });
});
