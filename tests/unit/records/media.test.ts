/** Files in a bag: each that a record names is there once, byte for byte, or told to be missing, and the verifier holds it to that. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asId, type ContentUri } from '../../../src/model/ids.ts';
import { BrokenOff, type HandedMedia } from '../../../src/records/bagged-media.ts';
import type { RecordSource } from '../../../src/records/export.ts';
import { checkBag } from '../../../src/records/records-verify.mjs';
import { listAgain } from '../../peers/forged-bag.ts';
import { RecordedHouse } from '../ledger/recorded.ts';
import { bagOf, sourceOf } from './given.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const picture = Buffer.alloc(200_000, 'picture');
const letter = Buffer.from('a letter');
const nothing = Buffer.alloc(0);
const old = Buffer.from('from before places were on record');
const names = { picture: sha256(picture), letter: sha256(letter), nothing: sha256(nothing), old: sha256(old) };

let house: RecordedHouse;
let folder: string;
let whole: string;

const place = (id: string): ContentUri => asId<ContentUri>(`mxc://agency.example/${id}`);
const named = (bytes: Uint8Array, id?: string): { sha256: string; bytes: number; mxc?: ContentUri } => ({
  sha256: sha256(bytes),
  bytes: bytes.length,
  ...(id === undefined ? {} : { mxc: place(id) }),
});

beforeAll(async () => {
  house = await RecordedHouse.open();
  folder = mkdtempSync(join(tmpdir(), 'media-'));
  for (const media of [
    [named(picture, 'picture')],
    [named(picture, 'again'), named(letter, 'letter')],
    [named(nothing, 'nothing')],
    [named(old)],
  ])
    await house.store.write((unit) => unit.ledger.record({ kind: 'outcome', at: 1, state: 'done', media }));
  whole = await bag();
}, 60_000);

afterAll(async () => {
  await house.stop();
  house.remove();
  rmSync(folder, { recursive: true });
});

async function* inPieces(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* brokenAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new BrokenOff('the line is cut');
}

type Held = () => HandedMedia;
const everything: Readonly<Record<string, Held>> = {
  picture: () => inPieces(picture),
  again: () => inPieces(picture),
  letter: () => inPieces(letter),
  nothing: () => inPieces(nothing),
};

let made = 0;
let asked: string[] = [];
const holding = (held: Readonly<Record<string, Held>>): RecordSource => ({
  ...sourceOf(house),
  media: async (mxc) => {
    asked.push(mxc);
    return held[mxc.slice(mxc.lastIndexOf('/') + 1)]?.() ?? 'gone';
  },
});
function bag(held: Readonly<Record<string, Held>> = everything, redacted: readonly string[] = []): Promise<string> {
  asked = [];
  return bagOf(house, join(folder, `bag-${(made += 1)}`), redacted, holding(held));
}

const statementOf = (
  directory: string,
): { records: number; media: number; missingMedia: { sha256: string; why: string }[] } =>
  JSON.parse(readFileSync(join(directory, 'data/statement.json'), 'utf8')) as ReturnType<typeof statementOf>;
const mediaIn = (directory: string): string[] =>
  existsSync(join(directory, 'data/media')) ? readdirSync(join(directory, 'data/media')).sort() : [];
const whyOf = (directory: string, name: string): string | undefined =>
  statementOf(directory).missingMedia.find(({ sha256: each }) => each === name)?.why;
const oldIsMissing = { sha256: names.old, why: 'unknown place' };

/** Each export is on record itself, so that there are more records from bag to bag. */
async function fits(directory: string): Promise<void> {
  const { records } = await checkBag(directory);
  expect(records).toBe(statementOf(directory).records);
}

test('two records with one file have one file in the bag, byte for byte, for its owner only; what lies nowhere is told', async () => {
  expect(mediaIn(whole)).toEqual([names.picture, names.letter, names.nothing].sort());
  for (const [name, bytes] of [
    [names.picture, picture],
    [names.letter, letter],
    [names.nothing, nothing],
  ] as const) {
    const path = join(whole, 'data/media', name);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
  expect(statementOf(whole)).toMatchObject({ media: 3, missingMedia: [oldIsMissing] });
  expect(readFileSync(join(whole, 'data/finding-aid.csv'), 'utf8')).toContain(
    `data/media/${names.letter},${letter.length},${createHash('sha512').update(letter).digest('hex')},a file that a record names by its SHA-256`,
  );
  await fits(whole);
});

test('each file is asked for once, and at the next place where it lies when it is gone from the first', async () => {
  await bag();
  expect(asked.filter((mxc) => mxc === place('picture') || mxc === place('again'))).toHaveLength(1);
  const other = await bag({ ...everything, picture: () => 'gone' });
  expect(asked).toEqual(expect.arrayContaining([place('picture'), place('again')]));
  expect(mediaIn(other)).toContain(names.picture);
  await fits(other);
});

const losses: Readonly<Record<string, readonly [held: Held, why: string]>> = {
  'the homeserver no longer has': [() => 'gone', 'gone'],
  'the homeserver finds too large': [() => 'too large', 'too large'],
  'is another of the same length': [() => inPieces(Buffer.from('A letter')), 'different'],
  'is shorter': [() => inPieces(letter.subarray(1)), 'different'],
  'is longer': [() => inPieces(Buffer.concat([letter, letter])), 'different'],
  'breaks off each time': [() => brokenAfter(letter.subarray(0, 3)), 'different'],
};

test.each(Object.keys(losses))('a file that %s is not in the bag, no half of it either, and is told', async (name) => {
  const [held, why] = losses[name] ?? [() => 'gone', 'gone'];
  const directory = await bag({ ...everything, letter: held });
  expect(whyOf(directory, names.letter)).toBe(why);
  expect(mediaIn(directory)).toEqual([names.picture, names.nothing].sort());
  const { missingMedia } = statementOf(directory);
  expect(missingMedia).toEqual(missingMedia.toSorted((one, two) => (one.sha256 < two.sha256 ? -1 : 1)));
  await fits(directory);
});

test('a file without an end is read no further than it is on record', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc((given += 1));
  }
  expect(whyOf(await bag({ ...everything, letter: endless }), names.letter)).toBe('different');
  expect(given).toBeLessThan(10);
});

test('a file whose stream breaks once is there whole', async () => {
  let times = 0;
  const letterOnce: Held = () => ((times += 1) === 1 ? brokenAfter(letter.subarray(0, 3)) : inPieces(letter));
  const directory = await bag({ ...everything, letter: letterOnce });
  expect(readFileSync(join(directory, 'data/media', names.letter)).equals(letter)).toBe(true);
});

test('where not one file can be had the bag has no folder for them, and fits', async () => {
  const directory = await bag({ letter: () => inPieces(picture) });
  expect(existsSync(join(directory, 'data/media'))).toBe(false);
  expect(statementOf(directory)).toMatchObject({ media: 0 });
  expect(statementOf(directory).missingMedia).toHaveLength(4);
  await fits(directory);
});

test('where the files were to be left out none is asked for, in the bag, or told to be missing', async () => {
  const directory = await bag(everything, ['media']);
  expect(asked).toEqual([]);
  expect(mediaIn(directory)).toEqual([]);
  expect(statementOf(directory)).toMatchObject({ media: 0, missingMedia: [] });
  await fits(directory);
});

test('when a file may be had later nothing is given, nothing is on record, and no half of the file stays', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield letter.subarray(0, 3);
    throw new Error('the homeserver rests');
  }
  const before = await house.archive.head();
  const directory = join(folder, `bag-${(made += 1)}`);
  await expect(bagOf(house, directory, [], holding({ ...everything, letter: failing }))).rejects.toThrow('rests');
  expect(mediaIn(directory)).not.toContain(names.letter);
  expect(existsSync(join(directory, 'bagit.txt'))).toBe(false);
  expect((await house.archive.head()).size).toBe(before.size);
});

/** Everything that does not ask for a key is made again, the entry of the export too, as an officer could who lies. */
async function lied(change: (directory: string) => void, redacted: readonly string[] = []): Promise<unknown> {
  const directory = await bag(everything, redacted);
  change(directory);
  listAgain(directory);
  const manifest = createHash('sha512')
    .update(readFileSync(join(directory, 'manifest-sha512.txt')))
    .digest('hex');
  const { asked: what, records } = JSON.parse(readFileSync(join(directory, 'data/statement.json'), 'utf8')) as {
    asked: object;
    records: number;
  };
  const about = { officer: house.officer.name, asked: what, redacted, records, manifest };
  const { proof, checkpoint, ...record } = await sourceOf(house).recordExport(about);
  writeFileSync(join(directory, 'export/record.json'), `${JSON.stringify(record)}\n`);
  writeFileSync(join(directory, 'export/proof.tlog-proof'), proof);
  writeFileSync(join(directory, 'export/checkpoint'), checkpoint);
  listAgain(directory);
  return checkBag(directory);
}

function restated(directory: string, change: (statement: ReturnType<typeof statementOf>) => void): void {
  const statement = statementOf(directory);
  change(statement);
  writeFileSync(join(directory, 'data/statement.json'), `${JSON.stringify(statement, null, 2)}\n`);
}
function withoutFile(directory: string, name: string): void {
  rmSync(join(directory, 'data/media', name));
  const aid = join(directory, 'data/finding-aid.csv');
  writeFileSync(aid, readFileSync(aid, 'utf8').replace(new RegExp(`data/media/${name}.*\r\n`), ''));
}
function withFile(directory: string, name: string, bytes: Uint8Array): void {
  const [path, aid] = [`data/media/${name}`, join(directory, 'data/finding-aid.csv')];
  cpSync(join(directory, 'data/checkpoint'), join(directory, path));
  writeFileSync(join(directory, path), bytes);
  writeFileSync(aid, `${readFileSync(aid, 'utf8')}${path},0,${'0'.repeat(128)},a file\r\n`);
}

test('made again without a lie, such a bag is taken: what is refused below is refused for the lie', async () => {
  await expect(lied(() => undefined)).resolves.toMatchObject({ given: expect.any(Number) as unknown });
});

const lies: Readonly<Record<string, readonly [change: (directory: string) => void, words: string]>> = {
  'a file that is another of the same length': [
    (at) => writeFileSync(join(at, 'data/media', names.letter), 'A letter'),
    'is not what its name says',
  ],
  'a large file with one other byte': [
    (at) => writeFileSync(join(at, 'data/media', names.picture), Buffer.concat([picture.subarray(1), Buffer.of(0)])),
    'is not what its name says',
  ],
  'a file that is shorter': [
    (at) => writeFileSync(join(at, 'data/media', names.letter), 'a'),
    'is not as long as on record',
  ],
  'a file that no record names': [
    (at) => {
      withFile(at, sha256(Buffer.from('more')), Buffer.from('more'));
      restated(at, (statement) => (statement.media += 1));
    },
    'is named by no record',
  ],
  'a file of another name': [(at) => withFile(at, 'letter.txt', letter), 'is none of its files'],
  'a name in capitals': [(at) => withFile(at, names.letter.toUpperCase(), letter), 'is none of its files'],
  'a file less, of which nothing is told': [
    (at) => {
      withoutFile(at, names.letter);
      restated(at, (statement) => (statement.media -= 1));
    },
    'neither there nor told to be missing',
  ],
  'a file less than it counts': [(at) => withoutFile(at, names.letter), 'counts other files of records'],
  'a missing file that is there': [
    (at) => restated(at, ({ missingMedia }) => missingMedia.push({ sha256: names.letter, why: 'gone' })),
    'is there, and data/statement.json has it as missing',
  ],
  'a missing file that no record names': [
    (at) => restated(at, ({ missingMedia }) => missingMedia.push({ sha256: 'f'.repeat(64), why: 'gone' })),
    'that no record names',
  ],
  'a missing file twice': [
    (at) => restated(at, ({ missingMedia }) => missingMedia.push({ ...oldIsMissing })),
    'that no record names',
  ],
  'a reason of its own': [
    (at) => restated(at, (statement) => (statement.missingMedia = [{ sha256: names.old, why: 'secret' }])),
    'tells no reason',
  ],
  'more than a reason': [
    (at) => restated(at, (statement) => Object.assign(statement.missingMedia[0] ?? {}, { note: 'call this number' })),
    'tells no reason',
  ],
  'missing files that are null': [
    (at) => restated(at, (statement) => Object.assign(statement, { missingMedia: [null] })),
    'tells no reason',
  ],
  'missing files that are no list': [
    (at) => restated(at, (statement) => Object.assign(statement, { missingMedia: {} })),
    'does not tell which files are missing',
  ],
  'a count that is a text': [
    (at) => restated(at, (statement) => Object.assign(statement, { media: '3' })),
    'counts other files of records',
  ],
};

test.each(Object.keys(lies))('a bag with %s is refused', async (name) => {
  const [change, words] = lies[name] ?? [() => undefined, 'unknown'];
  await expect(lied(change)).rejects.toThrow(words);
});

test('missing files that are not sorted are refused', async () => {
  const directory = await bag({});
  const { missingMedia } = statementOf(directory);
  expect(missingMedia.length).toBeGreaterThan(1);
  await expect(
    lied((at) => {
      for (const { sha256: name } of missingMedia) if (name !== names.old) withoutFile(at, name);
      rmSync(join(at, 'data/media'), { recursive: true });
      restated(at, (statement) => Object.assign(statement, { media: 0, missingMedia: missingMedia.toReversed() }));
    }),
  ).rejects.toThrow('does not sort what is missing');
});

test('a file in a bag whose records were to show none is refused', async () => {
  const smuggled = lied(
    (at) => {
      cpSync(join(whole, 'data/media'), join(at, 'data/media'), { recursive: true });
      for (const name of [names.picture, names.letter, names.nothing])
        withFile(at, name, readFileSync(join(whole, 'data/media', name)));
      restated(at, (statement) => (statement.media = 3));
    },
    ['media'],
  );
  await expect(smuggled).rejects.toThrow('is named by no record');
});
