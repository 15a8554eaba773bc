/** What is committed and not sealed yet is sealed later, whatever happens in between: once, and under its number. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Told } from '../../../src/ledger/sealing-messages.ts';
import { RecordedHouse } from './recorded.ts';

let house: RecordedHouse;

beforeEach(async () => {
  house = await RecordedHouse.open();
});

afterEach(async () => {
  await house.stop();
  house.remove();
});

const act = (content: string): Told => ({ happening: { kind: 'act', at: 1, content }, recorded: 2 });
const record = (content: string): Promise<number | null> =>
  house.store.write((unit) => unit.ledger.record({ kind: 'act', at: 1, content }));
const contents = async (): Promise<unknown[]> => (await house.read()).map(({ fields }) => fields.get('content'));

/** As a bridge leaves it behind that was killed after the commit. */
function leaveUnsealed(first: number, told: readonly Told[]): void {
  const database = house.database('chancery');
  database
    .prepare('INSERT INTO unsealed (first, count, happenings) VALUES (?, ?, ?)')
    .run(first, told.length, JSON.stringify(told));
  database.close();
}

test('what was committed and not sealed when the bridge was killed is sealed after its next start', async () => {
  await record('before');
  await house.stop();
  leaveUnsealed(1, [act('killed'), act('with it')]);
  leaveUnsealed(3, [act('the last')]);
  await house.start();
  expect(await record('after')).toBe(4);
  expect(await contents()).toEqual(['before', 'killed', 'with it', 'the last', 'after']);
});

test('what was sealed already when the bridge was killed is not sealed again', async () => {
  await record('one');
  await record('two');
  await house.stop();
  leaveUnsealed(0, [act('one')]);
  leaveUnsealed(1, [act('two'), act('three')]);
  await house.start();
  expect(await contents()).toEqual(['one', 'two', 'three']);
  expect(await record('four')).toBe(3);
});

test('where entries are missing between what is sealed and what waits, nothing is signed: the file was put back', async () => {
  await record('one');
  await house.stop();
  leaveUnsealed(5, [act('far away')]);
  await expect(house.start()).rejects.toMatchObject({ code: 'CH-LEDGER-FORKED' });
});

test('while the file of the ledger cannot be written the bridge goes on, and seals everything as soon as it can', async () => {
  await record('one');
  await house.ledger.settled();
  const database = house.database('ledger');
  database.exec('BEGIN IMMEDIATE');
  await record('two');
  await record('three');
  expect(await house.store.read.entries.count()).toBe(1);
  const settled = house.ledger.settled();
  while (house.troubles.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  database.exec('ROLLBACK');
  database.close();
  await settled;
  expect(await contents()).toEqual(['one', 'two', 'three']);
});

test('nothing of what is sealed is left beside it', async () => {
  await record('a canary');
  await house.ledger.settled();
  await house.ledger.end();
  const database = house.database('chancery');
  expect(database.prepare('SELECT * FROM unsealed').all()).toEqual([]);
  database.close();
});

test('entries that an earlier version kept in the database itself are moved into the file of the ledger', async () => {
  await record('one');
  await record('two');
  await house.stop();
  const from = house.database('ledger');
  const rows = from.prepare('SELECT * FROM entry ORDER BY number').all() as Record<string, unknown>[];
  from.exec('DELETE FROM entry WHERE number = 1');
  from.close();
  const to = house.database('chancery');
  to.exec(`CREATE TABLE entry (number INTEGER PRIMARY KEY, portal_id INTEGER, seq INTEGER, kind TEXT, at INTEGER,
    recorded_at INTEGER, event_id TEXT, epoch_id INTEGER REFERENCES epoch (id), leaf BLOB, sealed BLOB)`);
  const names = Object.keys(rows[0] ?? {});
  for (const row of rows)
    to.prepare(`INSERT INTO entry (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`).run(
      row,
    );
  to.close();
  await house.start();
  expect(await contents()).toEqual(['one', 'two']);
  expect(house.database('chancery').prepare("SELECT name FROM sqlite_master WHERE name = 'entry'").all()).toEqual([]);
});
