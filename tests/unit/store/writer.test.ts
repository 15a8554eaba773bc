/** Commits are few, whole and in order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type DatabaseFiles, openDatabase } from '../../../src/store/database.ts';
import { GroupingWriter } from '../../../src/store/writer.ts';

let directory: string;
let files: DatabaseFiles;
let commits: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chancery-writer-'));
  files = openDatabase(directory, new Uint8Array(32).fill(7));
  commits = 0;
  const exec = files.writer.exec.bind(files.writer);
  jest.spyOn(files.writer, 'exec').mockImplementation((sql) => {
    if (sql === 'COMMIT') commits += 1;
    return exec(sql);
  });
});

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await files.close();
  rmSync(directory, { recursive: true });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Until everybody had a turn to join, and only time can tell. */
async function waitsForCompany(): Promise<void> {
  while (jest.getTimerCount() === 0) await turn();
}

function add(writer: GroupingWriter, key: string, how: 'write' | 'writeSoon' = 'write'): Promise<void> {
  const insert = files.writer.prepare(
    "INSERT INTO journal (direction, dedupe_key, lane, state, received_at) VALUES ('in', ?, 'in/1', 'waiting', 1)",
  );
  return writer[how](async () => void insert.run(key));
}

const kept = (): unknown[] => files.reader.prepare('SELECT dedupe_key FROM journal ORDER BY id').pluck().all();

test('whoever comes with work before the turn is over joins the commit', async () => {
  const writer = new GroupingWriter(files.writer);
  const first = add(writer, '1');
  for (let step = 0; step < 5; step += 1) await Promise.resolve();
  await Promise.all([first, add(writer, '2'), add(writer, '3')]);
  expect(commits).toBe(1);
  expect(kept()).toEqual(['1', '2', '3']);
});

test('nobody is told that work is kept before it is', async () => {
  const writer = new GroupingWriter(files.writer);
  await add(writer, '1');
  expect(kept()).toEqual(['1']);
});

test('what is in no hurry joins the commit of what is, and is committed alone when nothing comes', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
  const writer = new GroupingWriter(files.writer);
  const patient = [add(writer, '1', 'writeSoon'), add(writer, '2', 'writeSoon')];
  await waitsForCompany();
  expect(commits).toBe(0);
  await Promise.all([...patient, add(writer, '3')]);
  expect(commits).toBe(1);
  const last = add(writer, '4', 'writeSoon');
  await waitsForCompany();
  expect(commits).toBe(1);
  jest.advanceTimersByTime(5);
  await last;
  expect([commits, kept()]).toEqual([2, ['1', '2', '3', '4']]);
});

test('the writer is idle when the last of what waits is kept', async () => {
  const writer = new GroupingWriter(files.writer);
  const keys = Array.from({ length: 500 }, (_, index) => String(index));
  const writing = Promise.all(keys.map((key, index) => add(writer, key, index < 250 ? 'write' : 'writeSoon')));
  await writer.idle();
  expect(kept()).toEqual(keys);
  await writing;
});
