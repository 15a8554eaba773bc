import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore } from '../../../src/store/store.ts';

const key = new Uint8Array(32).fill(7);
let directory: string;

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
