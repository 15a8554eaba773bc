/** How much waits is told rightly, and finding it out does not take longer the more was done. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import Database from 'better-sqlite3-multiple-ciphers';
import { asId, type JournalId, type LaneKey } from '../../../src/model/ids.ts';
import { Backlog } from '../../../src/store/backlog.ts';
import { kyselyOver } from '../../../src/store/kysely.ts';
import { migrate } from '../../../src/store/migrations.ts';
import type { Direction } from '../../../src/store/schema.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

let directory: string;
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chancery-backlog-'));
  store = openStore(directory, new Uint8Array(32).fill(7));
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

let rows = 0;

async function add(direction: Direction, lane: string, receivedAt: number): Promise<JournalId> {
  rows += 1;
  const key = asId<LaneKey>(`${direction}/${lane}`);
  const entry = { direction, dedupeKey: `row ${rows}`, lane: key, payload: 'words', receivedAt };
  return store.write(async (unit) => {
    await unit.journal.add(entry);
    const open = await unit.journal.needingAttention(0, 1_000);
    return open.at(-1)?.id ?? asId(0);
  });
}

test('nothing waits where nothing came', async () => {
  const { backlog } = store.read;
  expect(await backlog.openLanes('in')).toEqual({ rows: 0, lanes: 0, deepest: 0, oldestAt: undefined });
  expect(await backlog.parkedLanes()).toEqual({ in: 0, out: 0 });
  expect([await backlog.quarantined(), await backlog.uncertain()]).toEqual([0, 0]);
});

test('what waits is counted by direction, with the deepest lane and the oldest row, those behind a parked one too', async () => {
  const done = await add('in', '1', 1_000);
  await store.write((unit) => unit.journal.finish(done, 'done', 2_000));
  const parked = await add('in', '1', 3_000);
  await store.write((unit) => unit.journal.park(parked, 'refused'));
  for (const at of [3_500, 3_600]) await add('in', '1', at);
  await add('in', '2', 4_000);
  await add('out', '!room', 5_000);
  const { backlog } = store.read;
  expect(await backlog.openLanes('in')).toEqual({ rows: 4, lanes: 2, deepest: 3, oldestAt: 3_000 });
  expect(await backlog.openLanes('out')).toEqual({ rows: 1, lanes: 1, deepest: 1, oldestAt: 5_000 });
  expect(await backlog.parkedLanes()).toEqual({ in: 1, out: 0 });
});

test('what nobody could read is counted by itself, and waits in no lane', async () => {
  const entry = { direction: 'in', dedupeKey: 'odd', lane: asId<LaneKey>('in/parrot-1'), payload: '', receivedAt: 1 };
  await store.write((unit) => unit.journal.quarantine({ ...entry, direction: 'in' }, 'no id'));
  expect(await store.read.backlog.quarantined()).toBe(1);
  expect((await store.read.backlog.openLanes('in')).rows).toBe(0);
});

test('every question about what waits looks at nothing that is done', async () => {
  const database = new Database(':memory:');
  migrate(database);
  const asked = jest.spyOn(database, 'prepare');
  const backlog = new Backlog(kyselyOver(database));
  await backlog.openLanes('in');
  await backlog.parkedLanes();
  await backlog.quarantined();
  await backlog.uncertain();
  const statements = asked.mock.calls.map(([sql]) => sql);
  asked.mockRestore();
  expect(statements).toHaveLength(4);
  const partial = /USING (?:COVERING )?INDEX (?:journal_lane|journal_attention|part_unsettled) \(/;
  for (const sql of statements) {
    const values = Array.from(sql.matchAll(/\?/g), () => 'in/');
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { readonly detail: string }[];
    const onTables = plan.map(({ detail }) => detail).filter((detail) => /(?:journal|part)\b/.test(detail));
    expect(onTables).toEqual([expect.stringMatching(partial)]);
    expect(onTables[0]).toMatch(/^SEARCH/);
  }
  database.close();
});

test('each commit is told with how long it took and how much work was in it, work that failed left out', async () => {
  await store.close();
  const commits: { readonly seconds: number; readonly units: number }[] = [];
  store = openStore(directory, new Uint8Array(32).fill(7), {
    onCommit: (seconds, units) => commits.push({ seconds, units }),
  });
  await Promise.allSettled([
    store.write((unit) => unit.journal.counts()),
    store.write(() => Promise.reject(new Error('spoilt'))),
    store.write((unit) => unit.journal.counts()),
  ]);
  expect(commits).toEqual([{ seconds: expect.any(Number), units: 2 }]);
  expect(commits[0]?.seconds).toBeGreaterThan(0);
});
