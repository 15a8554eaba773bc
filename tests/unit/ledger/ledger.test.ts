/** What happens is on record in the transaction that changes it, sealed for officers only, and in the tree. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSink } from '../../../src/bridge/sink.ts';
import { verifyProof } from '../../../src/ledger/proof.ts';
import {
  asId,
  type AccountId,
  type ChatId,
  type ContactId,
  type NetworkId,
  type RemoteEventId,
  type RemoteMessageId,
} from '../../../src/model/ids.ts';
import type { RemoteEvent } from '../../../src/model/remote-event.ts';
import { plainText } from '../../../src/model/rich-text.ts';
import { Opening } from '../../../src/records/opening.ts';
import { makeOfficerKey } from '../../../src/vault/officer-key.ts';
import { RecordedHouse, passphrase } from './recorded.ts';

const account = asId<AccountId>('whatsapp/1');
let house: RecordedHouse;

beforeEach(async () => {
  house = await RecordedHouse.open();
  await house.store.write((unit) =>
    unit.accounts.put({
      id: account,
      network: asId<NetworkId>('whatsapp'),
      displayName: 'City Hall',
      credentials: {},
      createdAt: 1,
    }),
  );
});

afterEach(async () => {
  await house.stop();
  house.remove();
});

let written = 0;
const says = (
  words: string,
  chat = 'ann',
  more: Partial<Extract<RemoteEvent, { kind: 'message' }>> = {},
): RemoteEvent => ({
  kind: 'message',
  id: asId<RemoteEventId>(`event ${(written += 1)}`),
  chat: asId<ChatId>(chat),
  at: 1_780_000_000_000 + written,
  from: { id: asId<ContactId>(chat), displayName: `Name of ${chat}` },
  message: asId<RemoteMessageId>(`message ${written}`),
  content: { type: 'text', text: plainText(words) },
  ...more,
});
const accept = (...events: readonly RemoteEvent[]): Promise<void> =>
  createSink({ store: house.store, now: Date.now, wake: () => undefined }).accept(account, async () => events);

test('what a network tells is an entry with who it was, when, and what was said, before the network is told "received"', async () => {
  await accept(says('where is my passport?'));
  const [record] = await house.read();
  expect(Object.fromEntries(record?.fields ?? [])).toMatchObject({
    kind: 'message',
    seq: 1,
    direction: 'in',
    chat: { network: 'whatsapp', account: 'whatsapp/1', id: 'ann', name: 'Name of ann' },
    author: { id: 'ann', name: 'Name of ann' },
    people: [{ id: 'ann', name: 'Name of ann' }],
    content: { type: 'text', text: { text: 'where is my passport?' } },
    provenance: 'A',
  });
});

test('a thing that is told twice is one entry, and work that fails leaves none and no gap in the numbers', async () => {
  const event = says('once');
  await accept(event);
  await accept(event, says('twice'));
  await Promise.allSettled([
    accept(says('before')),
    house.store.write(async (unit) => {
      await unit.ledger.record({ kind: 'act', at: 1 });
      throw new Error('taken back');
    }),
    accept(says('after')),
    house.store.write(async (unit) => {
      await unit.ledger.record({ kind: 'act', at: 1 });
      throw new Error('taken back as the last');
    }),
  ]);
  await accept(says('last'));
  const records = await house.read();
  expect(records.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  expect(records.map(({ fields }) => fields.get('seq'))).toEqual([1, 2, 3, 4, 5]);
  expect(records.map(({ fields }) => (fields.get('content') as { text: { text: string } }).text.text)).toEqual([
    'once',
    'twice',
    'before',
    'after',
    'last',
  ]);
});

test('each chat counts its own entries, and people are on record as they were at that moment', async () => {
  await accept(
    says('a', 'ann'),
    says('b', 'bob'),
    says('c', 'ann', { from: { id: asId('ann'), displayName: 'Ann Newname' } }),
  );
  const records = await house.read();
  expect(records.map(({ fields }) => [(fields.get('chat') as { id: string }).id, fields.get('seq')])).toEqual([
    ['ann', 1],
    ['bob', 1],
    ['ann', 2],
  ]);
  expect(records.map(({ fields }) => (fields.get('author') as { name: string }).name)).toEqual([
    'Name of ann',
    'Name of bob',
    'Ann Newname',
  ]);
});

test('every entry is proven to be in the tree, also in one that has grown since, and no other leaf is', async () => {
  for (let count = 0; count < 30; count += 1) await accept(says(`word ${count}`));
  const { checkpoint, verifierKey, size } = await house.archive.head();
  expect(size).toBe(30);
  await accept(...Array.from({ length: 600 }, (_, count) => says(`more ${count}`)));
  await house.archive.head();
  const sealed = await house.sealed();
  const proofs = await house.archive.proofs(
    Array.from({ length: 30 }, (_, number) => number),
    checkpoint,
  );
  for (const [number, proof] of proofs.entries()) {
    expect(verifyProof(proof, Buffer.from(sealed[number]?.leaf ?? ''), verifierKey)).toEqual({
      index: number,
      size: 30,
    });
    expect(verifyProof(proof, Buffer.from(sealed[number + 1]?.leaf ?? ''), verifierKey)).toHaveProperty('fault');
  }
  await expect(house.archive.proofs([30], checkpoint)).rejects.toMatchObject({ code: 'CH-COMMAND-INVALID' });
});

test('after a start nothing is computed anew, numbers go on, and what was sealed before opens for the officer only', async () => {
  await accept(says('before'));
  const before = await house.archive.head();
  await house.stop();
  await house.start();
  expect((await house.archive.head()).checkpoint).toBe(before.checkpoint);
  await accept(says('after'));
  expect((await house.read()).map(({ number }) => number)).toEqual([0, 1]);
  expect(await house.epochs()).toHaveLength(2);
  const stranger = await makeOfficerKey(join(house.directory, 'stranger.age'), passphrase);
  const opening = new Opening(await house.epochs(), stranger);
  for (const entry of await house.sealed())
    await expect(opening.open(entry)).rejects.toMatchObject({ code: 'CH-RECORDS-KEY-WRONG' });
});

test('with the key of the database nothing of what is on record can be read in its tables, nor in any file of the ledger', async () => {
  await accept(says('canary-in-a-mine'));
  await house.archive.head();
  await house.stop();
  const rows = [
    ['chancery', 'epoch'] as const,
    ['chancery', 'unsealed'] as const,
    ['ledger', 'entry'] as const,
  ].flatMap(([file, table]): unknown[] => {
    const database = house.database(file);
    try {
      return database.prepare(`SELECT * FROM ${table}`).all();
    } finally {
      database.close();
    }
  });
  expect(rows).toHaveLength(2);
  const kept = rows
    .flatMap((row) => Object.values(row as object) as unknown[])
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value))));
  const files = readdirSync(house.directory, { recursive: true, encoding: 'utf8' })
    .map((path) => join(house.directory, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
  for (const bytes of [...kept, ...files])
    for (const words of ['canary-in-a-mine', 'Name of ann']) {
      expect(bytes.includes(words)).toBe(false);
      expect(bytes.includes(Buffer.from(words).toString('base64url').slice(2, -2))).toBe(false);
    }
  await house.start();
});

test('an entry that somebody with the key of the database changes, or takes out, is found', async () => {
  await accept(says('one'), says('two'), says('three'));
  await house.archive.head();
  const found = async (): Promise<string[]> => {
    const whats: string[] = [];
    for await (const { what } of house.examine()) whats.push(what);
    return whats;
  };
  expect(await found()).toEqual([]);
  const database = house.database('ledger');
  database.exec('UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE number = 0) WHERE number = 1');
  expect(await found()).toEqual(['tree']);
  database.exec('DELETE FROM entry WHERE number = 1');
  database.close();
  expect(await found()).toEqual(['tree', 'sequence']);
});

test('an entry whose key was destroyed opens for nobody, not even from a copy of everything else; the tree still holds', async () => {
  await accept(says('to be forgotten'), says('to be kept'));
  await house.destroy([0]);
  const opening = new Opening(await house.epochs(), house.officer);
  const [gone, kept] = await house.sealed();
  if (gone === undefined || kept === undefined) throw new Error('two entries were made');
  await expect(opening.open(gone)).rejects.toMatchObject({ code: 'CH-RECORDS-DESTROYED' });
  expect((await opening.open(kept)).fields.get('kind')).toBe('message');
  const { checkpoint, verifierKey } = await house.archive.head();
  const [proof = ''] = await house.archive.proofs([0], checkpoint);
  expect(verifyProof(proof, Buffer.from(gone.leaf), verifierKey)).toEqual({ index: 0, size: 2 });
});

test('a database that was put back from an older copy is refused: its head would be smaller than the one outside', async () => {
  const heads = mkdtempSync(join(tmpdir(), 'heads-'));
  const other = await RecordedHouse.open({ heads });
  const record = (): Promise<number | null> =>
    other.store.write((unit) => unit.ledger.record({ kind: 'act', at: 1, content: 'x' }));
  await record();
  await other.archive.head();
  await other.stop();
  cpSync(other.directory, `${other.directory}.copy`, { recursive: true });
  await other.start();
  await record();
  await other.archive.head();
  await other.stop();
  rmSync(other.directory, { recursive: true });
  cpSync(`${other.directory}.copy`, other.directory, { recursive: true });
  await expect(other.start()).rejects.toMatchObject({ code: 'CH-LEDGER-FORKED' });
  await other.stop().catch(() => undefined);
  for (const folder of [heads, other.directory, `${other.directory}.copy`])
    rmSync(folder, { recursive: true, force: true });
});

test('what could not be written of the tree, such as on a full disk, is written as soon as it can be', async () => {
  await accept(...Array.from({ length: 200 }, (_, count) => says(`word ${count}`)));
  await house.archive.head();
  const inTheWay = join(house.tree, 'tile', '0', '000.new');
  mkdirSync(inTheWay);
  await accept(...Array.from({ length: 100 }, (_, count) => says(`more ${count}`)));
  await expect(house.archive.head()).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
  await accept(says('and more'));
  await expect(house.archive.head()).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
  rmdirSync(inTheWay);
  const { checkpoint, verifierKey, size } = await house.archive.head();
  expect(size).toBe(301);
  const sealed = await house.sealed();
  for (const number of [0, 199, 255, 256, 300]) {
    const [proof = ''] = await house.archive.proofs([number], checkpoint);
    expect(verifyProof(proof, Buffer.from(sealed[number]?.leaf ?? ''), verifierKey)).toEqual({ index: number, size });
  }
  const found: string[] = [];
  for await (const { words } of house.examine()) found.push(words);
  expect(found).toEqual([]);
});

test('a tile that was torn or lost is made again from the database; a head that says something else is not signed', async () => {
  await accept(...Array.from({ length: 300 }, (_, count) => says(`word ${count}`)));
  const { checkpoint } = await house.archive.head();
  await house.stop();
  const tile = join(house.directory, 'tree', 'tile', '0', '000');
  writeFileSync(tile, readFileSync(tile).subarray(0, 100));
  await house.start();
  expect((await house.archive.head()).checkpoint).toBe(checkpoint);
  await house.stop();
  const path = join(house.directory, 'tree', 'checkpoint');
  writeFileSync(path, checkpoint.replace('\n300\n', '\n299\n'));
  await expect(house.start()).rejects.toMatchObject({ code: 'CH-LEDGER-FORKED' });
  writeFileSync(path, checkpoint);
  await house.stop().catch(() => undefined);
  await house.start();
});

type What = 'message' | 'reply' | 'reaction' | 'reaction-removed';
const target = asId<RemoteMessageId>('message 1');

function toldOf(what: What, words: string, chat: string): RemoteEvent {
  const message = says(words, chat, what === 'reply' ? { replyTo: target } : {});
  if (message.kind !== 'message' || what === 'message' || what === 'reply') return message;
  const { id, at, chat: place, from } = message;
  const about = { id, at, chat: place, from, target };
  return what === 'reaction' ? { ...about, kind: 'reaction', emoji: words } : { ...about, kind: 'reaction-removed' };
}

function expected(event: RemoteEvent): object {
  const shared = {
    kind: event.kind,
    at: new Date(event.at).toISOString(),
    author: 'from' in event ? event.from.id : '',
  };
  if (event.kind === 'message')
    return { ...shared, content: event.content, relates: event.replyTo && { replyTo: event.replyTo } };
  if (event.kind !== 'reaction' && event.kind !== 'reaction-removed') return shared;
  const content = event.kind === 'reaction' ? { emoji: event.emoji } : undefined;
  return { ...shared, content, relates: { target: event.target } };
}

test('every interim state of random histories can be made again from the record, byte for byte', async () => {
  const step = fc.record({
    chat: fc.constantFrom('ann', 'bob', 'a group'),
    words: fc.string({ unit: 'grapheme', maxLength: 40 }),
    what: fc.constantFrom<What>('message', 'reply', 'reaction', 'reaction-removed'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await house.ledger.settled();
      const from = await house.store.read.entries.count();
      const told = steps.map(({ what, words, chat }) => toldOf(what, words, chat));
      await accept(...told);
      const records = (await house.read()).slice(from);
      const again = records.map(({ fields }) => ({
        kind: fields.get('kind'),
        at: fields.get('at'),
        author: (fields.get('author') as { readonly id: string }).id,
        content: fields.get('content'),
        relates: fields.get('relates'),
      }));
      expect(JSON.stringify(again)).toBe(JSON.stringify(told.map(expected)));
    }),
    { numRuns: 40 },
  );
});
