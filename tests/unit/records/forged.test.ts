/** Bags that somebody made to deceive, or to break whoever looks: each is refused, and nothing else happens. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkBag } from '../../../src/records/records-verify.mjs';
import { listAgain } from '../../peers/forged-bag.ts';
import { RecordedHouse } from '../ledger/recorded.ts';
import { bagOf, recordedActs, sourceOf } from './given.ts';

const verifier = fileURLToPath(new URL('../../../src/records/records-verify.mjs', import.meta.url));
let house: RecordedHouse;
let folder: string;
let good: string;
let copies = 0;

beforeAll(async () => {
  house = await RecordedHouse.open();
  folder = mkdtempSync(join(tmpdir(), 'forged-'));
  await recordedActs(house, ['one', 'two', 'three']);
  good = await bagOf(house, join(folder, 'good'));
}, 60_000);

afterAll(async () => {
  await house.stop();
  house.remove();
  rmSync(folder, { recursive: true });
});

/** A copy in which something is another, with all lists made again. */
function forged(change: (bag: string) => void): string {
  const bag = join(folder, `bag-${(copies += 1)}`);
  cpSync(good, bag, { recursive: true });
  change(bag);
  listAgain(bag);
  return bag;
}

const edited =
  (path: string, edit: (text: string) => string) =>
  (bag: string): void =>
    writeFileSync(join(bag, path), edit(readFileSync(join(bag, path), 'utf8')));
const firstRecord = (edit: (record: Record<string, unknown>) => unknown) =>
  edited('data/records.jsonl', (text) => {
    const [line = '', ...rest] = text.split('\n');
    return [JSON.stringify(edit(JSON.parse(line) as Record<string, unknown>)), ...rest].join('\n');
  });
const disclosing = (...parts: readonly unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;

const forgeries: Readonly<Record<string, (bag: string) => void>> = {
  'a note that nobody signed': (bag) => writeFileSync(join(bag, 'READ-ME-FIRST.txt'), 'call this number'),
  'a file in the payload that no record names': (bag) => writeFileSync(join(bag, 'data/more.txt'), ''),
  'another description of itself': edited('bag-info.txt', (text) => text.replace('3 records', '2 records')),
  'more in what it tells of itself': edited('bag-info.txt', (text) => `${text}Contact-Name: somebody\n`),
  'a mark before its declaration': edited('bagit.txt', (text) => `\ufeff${text}`),
  'an empty line among its records': edited('data/records.jsonl', (text) => text.replace('\n', '\n\n')),
  'lines that end otherwise': edited('data/records.jsonl', (text) => text.replaceAll('\n', '\r\n')),
  'a last line that does not end': edited('data/records.jsonl', (text) => text.trimEnd()),
  'bytes that are no UTF-8': (bag) => appendFileSync(join(bag, 'data/records.jsonl'), Buffer.from([0xff, 0xfe, 10])),
  'JSON of very many levels as a record': (bag) => appendFileSync(join(bag, 'data/records.jsonl'), `${deep}\n`),
  'JSON of very many levels as its statement': (bag) =>
    writeFileSync(join(bag, 'data/statement.json'), `{"asked":${deep}}`),
  'a record that is null': firstRecord(() => null),
  'a record that is a list': firstRecord((record) => [record]),
  'a number that is a text': firstRecord((record) => ({ ...record, number: '0' })),
  'a number below zero': firstRecord((record) => ({ ...record, number: -1 })),
  'a number beyond all numbers': firstRecord((record) => ({ ...record, number: 2 ** 60 })),
  'a leaf that is null': firstRecord((record) => ({ ...record, leaf: 'null' })),
  'a leaf whose digests are numbers': firstRecord((record) => ({
    ...record,
    leaf: '{"_sd":[1,2,3,4,5,6,7,8],"_sd_alg":"sha-256","v":1}',
  })),
  'disclosures that are null': firstRecord((record) => ({ ...record, disclosures: null })),
  'a disclosure that is null': firstRecord((record) => ({ ...record, disclosures: [null] })),
  'a disclosure of its own': firstRecord((record) => ({
    ...record,
    disclosures: [...(record['disclosures'] as string[]), disclosing('A'.repeat(22), 'content', 'never said')],
  })),
  'a field twice': firstRecord((record) => {
    const disclosures = record['disclosures'] as string[];
    return { ...record, disclosures: [...disclosures, disclosures[0]] };
  }),
  'a field less than it says': firstRecord((record) => ({
    ...record,
    disclosures: (record['disclosures'] as string[]).slice(1),
  })),
  'a record less': edited('data/records.jsonl', (text) => text.slice(text.indexOf('\n') + 1)),
  'a record twice': edited('data/records.jsonl', (text) => text.slice(0, text.indexOf('\n') + 1) + text),
  'an export that is null': (bag) => writeFileSync(join(bag, 'export/record.json'), 'null\n'),
  'an export that is one of its records': (bag) => {
    const [line = ''] = readFileSync(join(bag, 'data/records.jsonl'), 'utf8').split('\n');
    writeFileSync(join(bag, 'export/record.json'), `${line}\n`);
    cpSync(join(bag, 'data/proofs/0.tlog-proof'), join(bag, 'export/proof.tlog-proof'));
    cpSync(join(bag, 'data/checkpoint'), join(bag, 'export/checkpoint'));
  },
  'a proof that is empty': (bag) => writeFileSync(join(bag, 'data/proofs/1.tlog-proof'), ''),
  'a proof of a hundred thousand hashes': edited('data/proofs/1.tlog-proof', (text) =>
    text.replace('\n\n', `\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(100_000)}\n`),
  ),
  'a head that nobody signed': edited('data/checkpoint', (text) => text.replace('\n3\n', '\n4\n')),
  'a head in two parts': edited('data/checkpoint', (text) => `${text}\n\n`),
};

test.each(Object.keys(forgeries))('a bag with %s is refused', async (name) => {
  const bag = forged(forgeries[name] ?? (() => undefined));
  await expect(checkBag(bag)).rejects.toThrow();
  rmSync(bag, { recursive: true });
});

test('an officer cannot tell of a bag what is not on record: another question, fewer fields left out, fewer records', async () => {
  const source = sourceOf(house);
  for (const lie of [{ asked: { contact: 'ann' } }, { redacted: ['content'] }, { records: 2 }]) {
    const bag = await bagOf(house, join(folder, `bag-${(copies += 1)}`), [], {
      ...source,
      recordExport: (about) => source.recordExport({ ...about, ...lie }),
    });
    await expect(checkBag(bag)).rejects.toThrow('tells something else than data/statement.json');
  }
});

test('where chat or number were left out, the statement does not tell them either', async () => {
  for (const name of ['chat', 'seq']) {
    const bag = await bagOf(house, join(folder, `bag-${(copies += 1)}`), [name]);
    const { chats } = JSON.parse(readFileSync(join(bag, 'data/statement.json'), 'utf8')) as { chats: unknown };
    expect(chats).toEqual([]);
    expect((await checkBag(bag)).records).toBeGreaterThan(2);
  }
});

test('a bag cannot write to the terminal of whoever checks it, and the command ends with 1', () => {
  const bag = forged((copy) => writeFileSync(join(copy, '\u001b[2Jcleared'), ''));
  try {
    execFileSync(process.execPath, [verifier, bag], { stdio: 'pipe' });
    throw new Error('it was taken');
  } catch (thrown) {
    const { status, stderr } = thrown as { status: number; stderr: Buffer };
    expect([status, stderr.toString()]).toEqual([1, expect.stringMatching(/^This bag is not what it claims to be: /)]);
    expect(stderr.includes('\u001b')).toBe(false);
  }
});

test('whatever JSON stands in the place of any part, the bag is refused and nothing breaks', async () => {
  const bag = forged(() => undefined);
  const paths = ['data/records.jsonl', 'data/statement.json', 'export/record.json'] as const;
  const texts = new Map(paths.map((path) => [path, readFileSync(join(bag, path), 'utf8')]));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.nat(), fc.json({ maxDepth: 5 }), async (path, seed, json) => {
      const text = texts.get(path) ?? '';
      // One value of it, wherever it stands, becomes another.
      const values = [...text.matchAll(/"[^"]*"|\d+|\[[^[\]]*\]|null/g)];
      const chosen = values[seed % values.length];
      if (chosen === undefined || chosen[0] === json) return;
      writeFileSync(join(bag, path), text.slice(0, chosen.index) + json + text.slice(chosen.index + chosen[0].length));
      listAgain(bag);
      await expect(checkBag(bag)).rejects.toThrow();
      writeFileSync(join(bag, path), text);
    }),
    { numRuns: 1_000 },
  );
}, 300_000);
