/** The store keeps what it promised through crashes, wrong keys, newer schemas and failing neighbours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3-multiple-ciphers';
import {
  type AccountId,
  asId,
  type ChatId,
  type JournalId,
  type LaneKey,
  type NetworkId,
} from '../../../src/model/ids.ts';
import type { JournalEntry } from '../../../src/store/journal.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

const key = new Uint8Array(32).fill(7);
let directory: string;
let store: Store | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chancery-store-'));
});

afterEach(async () => {
  await store?.close();
  store = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const open = (): Store => {
  store = openStore(directory, key);
  return store;
};

const entry = (dedupeKey: string, payload: unknown = { text: 'hello' }): JournalEntry => ({
  direction: 'in',
  dedupeKey,
  lane: asId<LaneKey>('in/1'),
  payload,
  receivedAt: 1,
});

test('what was written is read back after the store was closed and opened again', async () => {
  await open().write((unit) => unit.journal.add(entry('a')));
  await store?.close();
  const head = await open().read.journal.head(asId<LaneKey>('in/1'));
  expect(head).toMatchObject({ dedupeKey: 'a', payload: { text: 'hello' }, state: 'waiting' });
});

test('the same thing delivered twice is kept once', async () => {
  const { write, read } = open();
  expect(await write((unit) => unit.journal.add(entry('a')))).toBe(true);
  expect(await write((unit) => unit.journal.add(entry('a', { text: 'other' })))).toBe(false);
  expect((await read.journal.counts()).waiting).toBe(1);
});

test('one failing unit of work leaves no trace and does not spoil those committed with it', async () => {
  const { write, read } = open();
  const failing = write(async (unit) => {
    await unit.journal.add(entry('spoilt'));
    throw new Error('decoder broke');
  });
  const results = await Promise.allSettled([
    write((unit) => unit.journal.add(entry('first'))),
    failing,
    write((unit) => unit.journal.add(entry('third'))),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await read.journal.has('in', 'first')).toBe(true);
  expect(await read.journal.has('in', 'third')).toBe(true);
  expect(await read.journal.has('in', 'spoilt')).toBe(false);
});

test('what a unit of work has not committed is seen by itself and by nobody else', async () => {
  const { write, read } = open();
  const seen: boolean[] = [];
  await write(async (unit) => {
    await unit.journal.add(entry('a'));
    seen.push(await unit.journal.has('in', 'a'), await read.journal.has('in', 'a'));
  });
  seen.push(await read.journal.has('in', 'a'));
  expect(seen).toEqual([true, false, true]);
});

test('nothing can be changed outside a unit of work', async () => {
  const { read } = open();
  await expect(read.journal.add(entry('a'))).rejects.toThrow('only inside `write`');
  expect(await read.journal.has('in', 'a')).toBe(false);
});

test('when something last happened in a portal is known to the minute, and never goes back', async () => {
  const { write, read } = open();
  const account = { id: asId<AccountId>('a'), network: asId<NetworkId>('n'), displayName: '', credentials: {} };
  await write((unit) => unit.accounts.put({ ...account, createdAt: 1 }));
  const portal = await write((unit) => unit.portals.ensure(account.id, asId<ChatId>('chat'), 'Chat', 100_000));
  const after = async (at: number): Promise<number | undefined> => {
    await write((unit) => unit.portals.touch(portal, at));
    return (await read.portals.get(portal.id))?.lastActivityAt;
  };
  expect([await after(159_999), await after(160_000), await after(50_000)]).toEqual([100_000, 160_000, 160_000]);
});

test('work that a commit could not hold is refused with CH-STORE-FAILED and nothing of it is kept', async () => {
  const { write, read } = open();
  const tooMuch = write(async (unit) => {
    await unit.journal.add(entry('kept?'));
    await unit.parts.ensure({
      journalId: asId(1),
      number: 0,
      portalId: asId(999),
      direction: 'in',
      kind: 'message',
      author: 'x',
      updatedAt: 1,
    });
  });
  await expect(tooMuch).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
  expect(await read.journal.has('in', 'kept?')).toBe(false);
});

test('more work than the queue holds is refused with CH-STORE-BUSY instead of growing without bound', async () => {
  const { write } = open();
  const results = await Promise.allSettled(
    Array.from({ length: 2_500 }, (_, index) => write((unit) => unit.journal.add(entry(`n${index}`)))),
  );
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBe(500);
  expect(refused[0]).toMatchObject({ reason: { code: 'CH-STORE-BUSY' } });
});

test('a committed unit of work survives SIGKILL of the process that wrote it', async () => {
  const script = `
    import { openStore } from ${JSON.stringify(new URL('../../../src/store/store.ts', import.meta.url).href)};
    const store = openStore(process.argv[1], new Uint8Array(32).fill(7));
    await store.write((unit) => unit.journal.add({ direction: 'in', dedupeKey: 'x', lane: 'in/1', payload: 1, receivedAt: 1 }));
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory], { stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  expect(await open().read.journal.has('in', 'x')).toBe(true);
});

test('a wrong key is refused and changes nothing', async () => {
  await open().write((unit) => unit.journal.add(entry('a')));
  await store?.close();
  store = undefined;
  const before = readFileSync(join(directory, 'chancery.db'));
  expect(() => openStore(directory, new Uint8Array(32).fill(8))).toThrow('does not open with this key');
  expect(readFileSync(join(directory, 'chancery.db')).equals(before)).toBe(true);
});

test('a database of a newer version is refused with both schema numbers', async () => {
  await open().close();
  store = undefined;
  const raw = new Database(join(directory, 'chancery.db'));
  raw.pragma("cipher = 'sqlcipher'");
  raw.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
  raw.pragma('user_version = 4711');
  raw.close();
  expect(() => openStore(directory, key)).toThrow(/4711/);
});

test('a second process on the same data is refused', () => {
  open();
  expect(() => openStore(directory, key)).toThrow('Another Chancery process');
});

test('no text that passed through is found in the files, and none of a finished row with the key either', async () => {
  const canary = 'canary-9f8e7d6c';
  const { write, read } = open();
  await write((unit) => unit.journal.add(entry('a', { text: canary.repeat(2_000) })));
  const rawFiles = (): Buffer =>
    Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))));
  expect(rawFiles().includes(canary)).toBe(false);
  const head = await read.journal.head(asId<LaneKey>('in/1'));
  await write((unit) => unit.journal.finish(head?.id ?? asId(0), 'done', 2));
  await store?.close();
  store = undefined;
  const plain = new Database(join(directory, 'chancery.db'));
  plain.pragma("cipher = 'sqlcipher'");
  plain.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
  plain.pragma("rekey = ''");
  plain.close();
  expect(readFileSync(join(directory, 'chancery.db')).subarray(0, 6).toString()).toBe('SQLite');
  expect(rawFiles().includes(canary)).toBe(false);
});

test('a large unit of work puts nothing aside in a temporary file, where it would lie unencrypted', async () => {
  const { write } = open();
  const text = 'x'.repeat(3_000);
  const keys = Array.from({ length: 1_000 }, (_, index) => `row ${index}`);
  await write(async (unit) => {
    for (const name of keys) await unit.journal.add(entry(name, { text }));
  });
  const opened = await write(async (unit) => {
    for (let id = 1; id <= keys.length; id += 1) await unit.journal.park(asId<JournalId>(id), `secret words ${id}`);
    return readdirSync('/proc/self/fd').map((number) => targetOf(number));
  });
  expect(opened.filter((path) => path.includes('etilqs'))).toEqual([]);
});

function targetOf(number: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${number}`);
  } catch {
    return '';
  }
}

test('only the owner may read the files', () => {
  open();
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
});
