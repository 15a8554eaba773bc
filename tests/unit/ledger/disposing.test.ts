/** What was destroyed lawfully opens for nobody again, whatever is put back; that it was, by whom and why stays on record. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { signerOf } from '../../../src/ledger/checkpoint.ts';
import { DisposalFile } from '../../../src/ledger/disposal-file.ts';
import { verifyProof } from '../../../src/ledger/proof.ts';
import { asId, type AccountId, type ChatId, type PortalId } from '../../../src/model/ids.ts';
import { Opening } from '../../../src/records/opening.ts';
import type { SealedEntry } from '../../../src/ledger/archive.ts';
import { openKeyed } from '../../../src/store/keyed-connection.ts';
import { openStore } from '../../../src/store/store.ts';
import { EntryKeys } from '../../../src/vault/entry-keys.ts';
import { makeOfficerKey } from '../../../src/vault/officer-key.ts';
import { databaseKey, passphrase, RecordedHouse } from './recorded.ts';

const secret = 'canary-in-a-mine';
let house: RecordedHouse;
let heads: string;
let copies: string;

beforeEach(async () => {
  heads = mkdtempSync(join(tmpdir(), 'heads-'));
  copies = mkdtempSync(join(tmpdir(), 'copies-'));
  house = await RecordedHouse.open({ heads });
});

afterEach(async () => {
  await house.stop().catch(() => undefined);
  house.remove();
  for (const folder of [heads, copies]) rmSync(folder, { recursive: true, force: true });
});

/** Of one chat; the entry of the house that begins a record is made with `act`. */
const say = async (words: string): Promise<void> => {
  const chat = { id: 1 as PortalId, accountId: asId<AccountId>('whatsapp/1'), chatId: asId<ChatId>('ann') };
  const happening = { kind: 'message', at: 1, content: words, chat: { ...chat, name: 'Ann', people: '[]' } } as const;
  await house.store.write((unit) => unit.ledger.record(happening));
};
const act = (): Promise<number | null> => house.store.write((unit) => unit.ledger.record({ kind: 'act', at: 1 }));
const order = (...ranges: readonly (readonly [number, number])[]) => ({ officer: 'age1ana', reason: 'rule 7', ranges });
/** What became of each entry for the officer: its content, or the code of the error. */
const readable = async (sealed?: readonly SealedEntry[]): Promise<unknown[]> => {
  const opening = new Opening(await house.epochs(), house.officer);
  const found: unknown[] = [];
  for (const entry of sealed ?? (await house.sealed()))
    found.push(
      await opening.open(entry).then(
        ({ fields }) => fields.get('content'),
        (thrown: unknown) => (thrown as { code: string }).code,
      ),
    );
  opening.close();
  return found;
};
const destroyed = 'CH-RECORDS-DESTROYED';
const faults = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { words } of house.examine()) found.push(words);
  return found;
};
const copy = (name: string, to: string): void =>
  cpSync(join(house.directory, name), join(copies, to), { recursive: true });
const putBack = (from: string, name: string): void => {
  rmSync(join(house.directory, name), { recursive: true, force: true });
  cpSync(join(copies, from), join(house.directory, name), { recursive: true });
};

test('a disposal says who, why, how many and which; the leaves stay, the tree holds and nothing is called missing', async () => {
  for (const words of ['one', 'two', 'three', 'four']) await say(words);
  expect(await house.disposing.dispose(order([0, 1], [3, 3]))).toEqual({ number: 4, entries: 3 });
  const told = {
    entries: 3,
    ranges: [
      [0, 1],
      [3, 3],
    ],
  };
  expect(await readable()).toEqual([destroyed, destroyed, 'three', destroyed, told]);
  const [record] = (await house.sealed()).slice(4);
  if (record === undefined) throw new Error('the disposal is an entry');
  const { fields } = await new Opening(await house.epochs(), house.officer).open(record);
  expect(Object.fromEntries(fields)).toMatchObject({ kind: 'disposal', author: { id: 'age1ana' }, reason: 'rule 7' });
  const { checkpoint, verifierKey } = await house.archive.head();
  const sealed = await house.sealed();
  const proofs = await house.archive.proofs([0, 1, 2, 3, 4], checkpoint);
  for (const [number, proof] of proofs.entries())
    expect(verifyProof(proof, Buffer.from(sealed[number]?.leaf ?? ''), verifierKey)).toEqual({
      index: number,
      size: 5,
    });
  expect(await faults()).toEqual([]);
});

test('a key that was destroyed without a disposal is found', async () => {
  await say('one');
  await house.destroy([0]);
  expect(await faults()).toEqual(['the key of entry 0 is destroyed, and no disposal on record says so']);
});

test.each([
  ['nothing', []],
  ['what is not recorded yet', [[0, 9]]],
  ['what is before the first', [[-1, 0]]],
  ['a range that ends before it begins', [[2, 1]]],
  [
    'ranges that overlap',
    [
      [0, 1],
      [1, 2],
    ],
  ],
  ['the record of an act', [[0, 3]]],
] as const)('%s is refused, and then nothing is destroyed or recorded', async (_, ranges) => {
  for (const words of ['one', 'two', 'three']) await say(words);
  await act();
  await expect(house.disposing.dispose(order(...ranges))).rejects.toMatchObject({ code: 'CH-COMMAND-INVALID' });
  expect(await readable()).toEqual(['one', 'two', 'three', undefined]);
});

test("with the database key and without an officer's key nothing of a closed epoch opens, nor a destroyed entry, live or from an earlier backup restored beside it", async () => {
  await say(secret);
  await say('kept');
  await house.stop();
  // The backup of yesterday: database and keys.
  copy('data', 'data');
  copy('entry-keys', 'entry-keys');
  await house.start();
  await house.disposing.dispose(order([0, 0]));
  await house.stop();

  // Somebody has the disk of today, that backup and the key of the database.
  const disks = [join(house.directory, 'data'), join(copies, 'data')];
  const stranger = await makeOfficerKey(join(copies, 'stranger.age'), passphrase);
  for (const disk of disks) {
    const rows = Object.entries({ entry: 'ledger.db', epoch: 'chancery.db', secret: 'chancery.db' }).flatMap(
      ([table, file]): unknown[] => {
        const database = openKeyed(join(disk, file), databaseKey, true);
        const found = database.prepare(`SELECT * FROM ${table}`).all();
        database.close();
        return found;
      },
    );
    expect(rows.length).toBeGreaterThan(2);
    const values = rows.flatMap((row) => Object.values(row as object) as unknown[]);
    for (const value of values)
      expect(Buffer.from(value instanceof Uint8Array ? value : String(value)).includes(secret)).toBe(false);
    for (const file of [join(house.directory, 'entry-keys'), join(copies, 'entry-keys')]) {
      const kept = await openedWith(disk, file, stranger);
      expect(new Set(kept.slice(0, 2))).toEqual(new Set(['CH-RECORDS-KEY-WRONG']));
    }
  }

  // An officer helps them: with the keys of today what was destroyed stays so, in both databases, and only that.
  for (const disk of disks) {
    const [first, second] = await openedWith(disk, join(house.directory, 'entry-keys'), house.officer);
    expect([first, second]).toEqual([destroyed, 'kept']);
  }

  // The older file of keys is put back in place: it is destroyed there too before anything runs.
  cpSync(join(copies, 'entry-keys'), join(house.directory, 'entry-keys'));
  expect((await openedWith(join(house.directory, 'data'), join(house.directory, 'entry-keys'), house.officer))[0]).toBe(
    secret,
  );
  await house.start();
  expect((await readable()).slice(0, 2)).toEqual([destroyed, 'kept']);
  await house.stop();
  expect((await openedWith(join(house.directory, 'data'), join(house.directory, 'entry-keys'), house.officer))[0]).toBe(
    destroyed,
  );
});

/** Each entry of this database with this file of keys, opened by this officer. */
async function openedWith(data: string, keyFile: string, officer: RecordedHouse['officer']): Promise<unknown[]> {
  const scratch = mkdtempSync(join(copies, 'opened-'));
  cpSync(data, join(scratch, 'data'), { recursive: true });
  cpSync(keyFile, join(scratch, 'entry-keys'));
  const store = openStore(join(scratch, 'data'), databaseKey);
  const keys = await EntryKeys.read(join(scratch, 'entry-keys'));
  const opening = new Opening(await store.read.epochs.page(0, 100), officer);
  const found: unknown[] = [];
  for (const { number, epochId, leaf, sealed } of await store.read.entries.page({}, -1, 100))
    found.push(
      await opening
        .open({ number, epochId, leaf: Buffer.from(leaf).toString(), sealed, key: await keys.get(number) })
        .then(
          ({ fields }) => fields.get('content'),
          (thrown: unknown) => (thrown as { code: string }).code,
        ),
    );
  await store.close();
  await keys.close();
  return found;
}

test.each(['here', 'outside'])(
  'a database and its keys from before the disposal are put back: what stands %s has it destroyed and recorded again, once',
  async (where) => {
    await say(secret);
    await say('kept');
    await house.archive.head();
    await house.stop();
    for (const name of ['data', 'entry-keys', 'tree']) copy(name, name);
    copy('tree', 'checkpoint-of-then');
    const headThen = readFileSync(join(heads, 'agency.example-chancery.checkpoint'));
    await house.start();
    await house.disposing.dispose(order([0, 0]));
    await say('later');
    await house.disposing.dispose(order([3, 3]));
    await house.archive.head();
    await house.stop();
    const disposals = readFileSync(join(house.tree, 'disposals'));
    // Somebody had to decide that the newer heads do not count.
    for (const name of ['data', 'entry-keys', 'tree']) putBack(name, name);
    writeFileSync(join(heads, 'agency.example-chancery.checkpoint'), headThen);
    if (where === 'here') {
      writeFileSync(join(house.tree, 'disposals'), disposals);
      rmSync(join(heads, 'disposals'));
    }
    await house.start();
    expect((await readable()).slice(0, 2)).toEqual([destroyed, 'kept']);
    // Under the number of an entry that was destroyed then there is another one now; it is not meant.
    await house.ledger.settled();
    const again = await house.store.read.entries.count();
    await say('another third');
    await house.stop();
    await house.start();
    expect((await readable()).slice(0, 2)).toEqual([destroyed, 'kept']);
    expect(await readable()).toContain('another third');
    await house.ledger.settled();
    expect(await house.store.read.entries.count()).toBe(again + 1);
    expect(await faults()).toEqual([]);
    expect(readFileSync(join(heads, 'disposals'), 'utf8')).toBe(disposals.toString());
    expect(readFileSync(join(house.tree, 'disposals'), 'utf8')).toBe(disposals.toString());
  },
);

test('a crash between the record of a disposal and its work is made good by the next start', async () => {
  await say('one');
  await say('two');
  // As the bridge is killed once the transaction is on disk.
  await house.store.write(async (unit) => {
    const entry = await unit.ledger.record({ kind: 'disposal', at: 1 });
    await unit.disposals.add({ id: 'a'.repeat(32), at: 1, entry: entry ?? 0, ranges: [[1, 1]] });
  });
  expect((await readable()).slice(0, 2)).toEqual(['one', 'two']);
  await house.stop();
  await house.start();
  expect((await readable()).slice(0, 2)).toEqual(['one', destroyed]);
  for (const folder of [house.tree, heads])
    expect(readFileSync(join(folder, 'disposals'), 'utf8')).toContain('a'.repeat(32));
});

test('the file is for the user of the bridge only, and half a line that a crash left spoils nothing', async () => {
  for (const words of ['one', 'two', 'three']) await say(words);
  await house.disposing.dispose(order([0, 0]));
  for (const folder of [house.tree, heads]) {
    expect(statSync(join(folder, 'disposals')).mode & 0o777).toBe(0o600);
    appendFileSync(join(folder, 'disposals'), '{"id":"half');
  }
  await house.disposing.dispose(order([1, 1]));
  const { disposals, others } = await fileOf(3, join(heads, 'disposals')).read();
  expect(disposals.map(({ ranges }) => ranges)).toEqual([[[0, 0]], [[1, 1]]]);
  expect(others).toBe(1);
  await house.stop();
  await house.start();
  expect((await readable()).slice(0, 3)).toEqual([destroyed, destroyed, 'three']);
});

const fileOf = (seed: number, path: string): DisposalFile =>
  new DisposalFile(path, signerOf('agency.example/chancery', new Uint8Array(32).fill(seed)));

test('nobody who can only write to the file outside has anything destroyed', async () => {
  for (const words of ['one', 'two', 'three']) await say(words);
  await house.disposing.dispose(order([0, 0]));
  await house.stop();
  const path = join(heads, 'disposals');
  const [signed = ''] = readFileSync(path, 'utf8').split('\n');
  appendFileSync(path, `${signed.replace('[[0,0]]', '[[0,1]]')}\n\t\n{}\t{}\nnull\n`);
  await fileOf(4, path).complete([{ id: 'b'.repeat(32), at: 1, entry: 3, ranges: [[0, 2]] }]);
  await house.start();
  expect((await readable()).slice(0, 3)).toEqual([destroyed, 'two', 'three']);
});

test('that the folder outside is away keeps nothing from being destroyed, and it is put there later', async () => {
  for (const words of ['one', 'two']) await say(words);
  const away = `${heads}.away`;
  cpSync(heads, away, { recursive: true });
  rmSync(heads, { recursive: true });
  await house.disposing.dispose(order([0, 0]));
  expect((await readable())[0]).toBe(destroyed);
  expect(existsSync(heads)).toBe(false);
  await house.stop();
  cpSync(away, heads, { recursive: true });
  rmSync(away, { recursive: true });
  await house.start();
  expect((await fileOf(3, join(heads, 'disposals')).read()).disposals).toHaveLength(1);
});
