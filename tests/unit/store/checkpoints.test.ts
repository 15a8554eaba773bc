import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { Checkpoints } from '../../../src/store/checkpoints.ts';
import { openKeyed } from '../../../src/store/keyed-connection.ts';
import { openStore } from '../../../src/store/store.ts';
import { SmallFilesystem } from '../../peers/disk/small-filesystem.ts';

const key = new Uint8Array(32).fill(7);
const smallDisk = mkdtempSync(join(tmpdir(), 'chancery-small-disk-'));
const disk = SmallFilesystem.mount(smallDisk, 8);
const onSmallDisk = disk === undefined ? test.skip : test;
if (disk === undefined) console.log('skipped: this user may not mount a small file system, so no disk can be filled');
let directory: string;

afterAll(() => {
  disk?.unmount();
  rmSync(smallDisk, { recursive: true, force: true });
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chancery-checkpoints-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('what is committed goes into the database file while the store is in use, and is all there afterwards', async () => {
  const store = openStore(directory, key);
  const path = join(directory, 'chancery.db');
  const before = statSync(path).size;
  const commits = 120;
  for (let number = 0; number < commits; number += 1) {
    const act = { at: number, actor: '@a:b', act: 'drop', subject: `row ${number}`, reason: 'x'.repeat(900) } as never;
    await store.write((unit) => unit.acts.add(act));
  }
  for (const end = Date.now() + 10_000; statSync(path).size === before && Date.now() < end; ) await delay(20);
  expect(statSync(path).size).toBeGreaterThan(before);
  await store.close();

  const again = openStore(directory, key);
  expect(await again.read.acts.latest(commits + 1)).toHaveLength(commits);
  await again.close();
});

onSmallDisk('a disk that was full meanwhile keeps neither the thread from going on nor it from ending', async () => {
  const path = join(smallDisk, 'thread.db');
  const writer = openKeyed(path, key, false);
  writer.pragma('journal_mode = WAL');
  writer.exec('CREATE TABLE filling (bytes BLOB)');
  writer.prepare('INSERT INTO filling VALUES (zeroblob(1000000))').run();
  const before = statSync(path).size;
  const checkpoints = new Checkpoints(path, key);
  const oneTurn = (): void => {
    for (let commits = 0; commits < 50; commits += 1) checkpoints.committed();
  };

  disk?.fill();
  oneTurn();
  await delay(1_000);
  expect(statSync(path).size).toBe(before);
  disk?.makeRoom();
  for (const end = Date.now() + 10_000; statSync(path).size < 1_000_000 && Date.now() < end; await delay(20)) oneTurn();
  expect(statSync(path).size).toBeGreaterThan(1_000_000);
  await checkpoints.close();
  writer.close();
});

onSmallDisk('a store closes on a full disk, and everything committed is there afterwards', async () => {
  const data = join(smallDisk, 'data');
  const store = openStore(data, key);
  const act = { at: 1, actor: '@a:b', act: 'drop', subject: 'row 1', reason: 'x'.repeat(200_000) } as never;
  await store.write((unit) => unit.acts.add(act));
  disk?.fill();
  await store.close();
  disk?.makeRoom();
  const again = openStore(data, key);
  expect(await again.read.acts.latest(2)).toHaveLength(1);
  await again.close();
});
