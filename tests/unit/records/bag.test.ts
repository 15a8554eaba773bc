/** A bag that was given is checked by one file that needs nothing else: any bit that is another is found. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportRecords, type RecordSource } from '../../../src/records/export.ts';
import { checkBag } from '../../../src/records/records-verify.mjs';
import { fetched, pip } from '../../peers/judges.ts';
import { RecordedHouse } from '../ledger/recorded.ts';

const bagitVersion = '1.9.0';
let house: RecordedHouse;
let folder: string;

beforeAll(async () => {
  house = await RecordedHouse.open();
  folder = mkdtempSync(join(tmpdir(), 'bag-'));
  for (const words of ['one', 'two', 'three'])
    await house.store.write((unit) =>
      unit.ledger.record({
        kind: 'act',
        at: 1_780_000_000_000,
        author: { user: '@ana:agency.example' },
        content: words,
      }),
    );
}, 60_000);

afterAll(async () => {
  await house.stop();
  house.remove();
  rmSync(folder, { recursive: true });
});

const source = (): RecordSource => ({
  head: () => house.archive.head(),
  epochs: () => house.epochs(),
  page: (_, after) => house.archive.page({}, after),
  proofs: (numbers, checkpoint) => house.archive.proofs(numbers, checkpoint),
  recordExport: ({ officer, manifest, ...content }) =>
    house.archive.recordProven({ kind: 'export', at: 1, author: { id: officer }, content, manifest }),
});
let bags = 0;
const given = async (redacted: readonly string[] = []): Promise<string> => {
  const directory = join(folder, `bag-${(bags += 1)}`);
  await exportRecords(source(), { asked: {}, redacted, officer: house.officer, directory, now: 1_790_000_000_000 });
  return directory;
};
const below = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => join(directory, path))
    .filter((path) => statSync(path).isFile());
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

test('every single bit of every file of a bag counts', async () => {
  const bag = await given();
  const missed: string[] = [];
  for (const path of below(bag)) {
    const bytes = readFileSync(path);
    // Each byte once, each time another bit: all bits of all bytes take minutes.
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << ((at * 5) % 8));
      writeFileSync(path, flipped);
      if (await isFine(bag)) missed.push(`${path} at ${at}`);
    }
    writeFileSync(path, bytes);
  }
  expect(missed).toEqual([]);
  expect(await isFine(bag)).toBe(true);
}, 300_000);

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
  await expect(checkBag(bag, other)).rejects.toThrow('the verifier key is none');
});

test('a folder with something in it is not written into', async () => {
  const bag = await given();
  const options = { asked: {}, redacted: [], officer: house.officer, directory: bag, now: 1 };
  await expect(exportRecords(source(), options)).rejects.toMatchObject({ code: 'CH-COMMAND-INVALID' });
  expect(await isFine(bag)).toBe(true);
});
