/** A bag that was given is checked by one file that needs nothing else: any bit that is another is found. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportRecords } from '../../../src/records/export.ts';
import { checkBag } from '../../../src/records/records-verify.mjs';
import { fetched, pip } from '../../peers/judges.ts';
import { below } from '../../peers/forged-bag.ts';
import { RecordedHouse } from '../ledger/recorded.ts';
import { bagOf, recordedActs, sourceOf } from './given.ts';

const bagitVersion = '1.9.0';
let house: RecordedHouse;
let folder: string;

beforeAll(async () => {
  house = await RecordedHouse.open();
  folder = mkdtempSync(join(tmpdir(), 'bag-'));
  await recordedActs(house, ['one', 'two', 'three']);
}, 60_000);

afterAll(async () => {
  await house.stop();
  house.remove();
  rmSync(folder, { recursive: true });
});

let bags = 0;
const given = (redacted: readonly string[] = []): Promise<string> =>
  bagOf(house, join(folder, `bag-${(bags += 1)}`), redacted);
const isFine = async (bag: string): Promise<boolean> =>
  checkBag(bag).then(
    () => true,
    () => false,
  );

test('a bag fits as it was given, with what was left out as well, and only its owner can read it', async () => {
  expect(await checkBag(await given())).toMatchObject({ records: 3, given: 3 });
  const redacted = await given(['author', 'seq']);
  expect(await isFine(redacted)).toBe(true);
  expect(readFileSync(join(redacted, 'data/records.jsonl'), 'utf8')).not.toContain(
    Buffer.from('"author"').toString('base64url').slice(0, 8),
  );
  for (const path of below(redacted)) expect((statSync(path).mode & 0o077).toString(8)).toBe('0');
});

const bagit = fetched(`bagit-${bagitVersion}`, 'bagit of the Library of Congress (Python)', (into) => {
  pip(`bagit==${bagitVersion}`, into);
});

(bagit === undefined ? test.skip : test)(
  'the Library of Congress takes a bag, and none in which something is another',
  async () => {
    const bag = await given();
    const program = 'import sys, bagit; bagit.Bag(sys.argv[1]).validate()';
    const env = { ...process.env, PYTHONPATH: bagit };
    const validate = (): unknown => execFileSync('python3', ['-c', program, bag], { env, stdio: 'pipe' });
    validate();
    writeFileSync(join(bag, 'data/statement.json'), '{}');
    expect(validate).toThrow('BagValidationError');
  },
);

test('a file that is missing, one that is too many, and a link are found', async () => {
  const bag = await given();
  for (const path of below(bag)) {
    const copy = join(folder, `copy-${(bags += 1)}`);
    cpSync(bag, copy, { recursive: true });
    rmSync(path.replace(bag, copy));
    expect([path, await isFine(copy)]).toEqual([path, false]);
  }
  writeFileSync(join(bag, 'stray'), '');
  expect(await isFine(bag)).toBe(false);
  rmSync(join(bag, 'stray'));
  symlinkSync('/etc/hostname', join(bag, 'data/link'));
  expect(await isFine(bag)).toBe(false);
});

test('a key that is not the one of the ledger does not fit', async () => {
  const bag = await given();
  const other = 'agency.example/chancery+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  await expect(checkBag(bag, other)).rejects.toThrow('names another key');
  const { verifierKey } = await house.archive.head();
  expect(await checkBag(bag, verifierKey)).toMatchObject({ key: verifierKey });
});

test('a folder with something in it is not written into', async () => {
  const bag = await given();
  const options = { asked: {}, redacted: [], officer: house.officer, directory: bag, now: 1 };
  await expect(exportRecords(sourceOf(house), options)).rejects.toMatchObject({ code: 'CH-COMMAND-INVALID' });
  expect(await isFine(bag)).toBe(true);
});
