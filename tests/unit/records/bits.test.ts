/** Any single bit that is another, in any file of a bag, is found. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkBag } from '../../../src/records/records-verify.mjs';
import { below } from '../../peers/forged-bag.ts';
import { RecordedHouse } from '../ledger/recorded.ts';
import { bagOf, recordedActs } from './given.ts';

let house: RecordedHouse;
let bag: string;

beforeEach(async () => {
  house = await RecordedHouse.open();
  bag = mkdtempSync(join(tmpdir(), 'bits-'));
});

afterEach(async () => {
  await house.stop();
  house.remove();
  rmSync(bag, { recursive: true });
});

const isFine = async (): Promise<boolean> =>
  checkBag(bag).then(
    () => true,
    () => false,
  );

async function isFineWith(path: string, bytes: Buffer, bit: number): Promise<boolean> {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  writeFileSync(path, flipped);
  const fine = await isFine();
  writeFileSync(path, bytes);
  return fine;
}

test('every bit of every file of a small bag', async () => {
  await recordedActs(house, ['one']);
  await bagOf(house, bag);
  const missed: string[] = [];
  for (const path of below(bag)) {
    const bytes = readFileSync(path);
    for (let bit = 0; bit < bytes.length * 8; bit += 1)
      if (await isFineWith(path, bytes, bit)) missed.push(`${relative(bag, path)} bit ${bit}`);
  }
  expect(missed).toEqual([]);
  expect(await isFine()).toBe(true);
}, 600_000);

test('ten thousand bits, by chance, of a large one', async () => {
  await recordedActs(
    house,
    Array.from({ length: 150 }, (_, at) => `words ${at} `.repeat(20)),
  );
  await bagOf(house, bag);
  const files = below(bag).map((path) => ({ path, bytes: readFileSync(path) }));
  const place = fc.nat({ max: files.reduce((sum, { bytes }) => sum + bytes.length * 8, 0) - 1 });
  for (const chosen of fc.sample(place, 10_000)) {
    let bit = chosen;
    const file = files.find(({ bytes }) => {
      if (bit < bytes.length * 8) return true;
      bit -= bytes.length * 8;
      return false;
    });
    if (file === undefined) throw new Error('a bit is in some file');
    if (await isFineWith(file.path, file.bytes, bit)) throw new Error(`${relative(bag, file.path)} bit ${bit}`);
  }
  expect(await isFine()).toBe(true);
}, 600_000);
