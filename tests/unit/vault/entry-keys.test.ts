import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EntryKeys } from '../../../src/vault/entry-keys.ts';
import { SmallFilesystem } from '../../peers/disk/small-filesystem.ts';
import { wrappedOf } from './appender/wrapped-of.ts';

const smallDisk = mkdtempSync(join(tmpdir(), 'chancery-small-disk-'));
const disk = SmallFilesystem.mount(smallDisk, 1);
const onSmallDisk = disk === undefined ? test.skip : test;
if (disk === undefined) console.log('skipped: this user may not mount a small file system, so no disk can be filled');

let folder: string;
let path: string;
let opened: EntryKeys[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-entry-keys-'));
  path = join(folder, 'entry-keys');
  opened = [];
});
afterEach(async () => {
  for (const keys of opened) await keys.close();
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => {
  disk?.unmount();
  rmSync(smallDisk, { recursive: true, force: true });
});

async function openKeys(how: 'open' | 'read' = 'open', place = path): Promise<EntryKeys> {
  const keys = await EntryKeys[how](place);
  opened.push(keys);
  return keys;
}

const group = (first: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => wrappedOf(first + at));

async function closed(fill: (keys: EntryKeys) => Promise<void>): Promise<void> {
  const keys = await EntryKeys.open(path);
  await fill(keys);
  await keys.close();
}

async function unreadable(keys: EntryKeys, count: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { number, why } of keys.gone(count)) if (why !== 'destroyed') found.push(`${number} ${why}`);
  return found;
}

const offset = (number: number): number => 64 * (number + 1);

describe('what was appended', () => {
  test('is there, also after the file was closed and opened again, for its owner only', async () => {
    await closed(async (keys) => {
      expect(keys.end).toBe(0);
      await keys.append(0, group(0, 20));
      await keys.append(20, group(20, 1));
      await keys.append(21, []);
    });
    const keys = await openKeys();
    expect(keys.end).toBe(21);
    for (let number = 0; number < 21; number += 1) expect(await keys.get(number)).toEqual(wrappedOf(number));
    expect(await keys.get(21)).toBe('missing');
    expect(await unreadable(keys, 21)).toEqual([]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('costs one write and one sync for a group, in this order; a disposal one sync at its end', async () => {
    const keys = await openKeys();
    const probe = await open(path);
    const calls: string[] = [];
    const handle = Object.getPrototypeOf(probe) as Record<
      'write' | 'datasync',
      (...args: unknown[]) => Promise<unknown>
    >;
    const { write, datasync } = handle;
    for (const [name, real] of Object.entries({ write, datasync })) {
      handle[name as 'write' | 'datasync'] = async function (...args) {
        const result = await real.apply(this, args);
        calls.push(name);
        return result;
      };
    }
    try {
      await keys.append(0, group(0, 20));
      calls.push('acknowledged');
      await keys.destroy([3, 4, 9]);
      calls.push('acknowledged');
    } finally {
      Object.assign(handle, { write, datasync });
      await probe.close();
    }
    expect(calls.join(' ')).toBe('write datasync acknowledged write write datasync acknowledged');
  });

  test('is never overwritten', async () => {
    const keys = await openKeys();
    await keys.append(0, group(0, 3));
    await expect(keys.append(2, group(90, 1))).rejects.toMatchObject({ code: 'CH-ENTRY-KEYS-INVALID', place: path });
    expect(await keys.get(2)).toEqual(wrappedOf(2));
  });

  test('keeps its order when appends are asked for at once', async () => {
    const keys = await openKeys();
    await Promise.all([0, 1, 2, 3].map((each) => keys.append(each * 5, group(each * 5, 5))));
    expect(keys.end).toBe(20);
    expect(await unreadable(keys, 20)).toEqual([]);
  });

  test.each([
    ['half a key', 0, [new Uint8Array(59)]],
    ['a negative number', -1, group(0, 1)],
    ['a broken number', 0.5, group(0, 1)],
    ['a number without a place', 2 ** 50, group(0, 1)],
  ])('is refused when it is %s, and nothing changes', async (_, first, wrapped) => {
    const keys = await openKeys();
    await expect(keys.append(first, wrapped)).rejects.toMatchObject({ code: 'CH-ENTRY-KEYS-INVALID' });
    expect(keys.end).toBe(0);
    expect((await stat(path)).size).toBe(64);
  });

  test('is withdrawn when the ledger did not commit it, and its numbers are used again', async () => {
    const keys = await openKeys();
    await keys.append(0, group(0, 8));
    await keys.withdraw(5);
    expect(keys.end).toBe(5);
    expect(await keys.get(5)).toBe('missing');
    await keys.append(5, group(70, 2));
    expect(await keys.get(5)).toEqual(wrappedOf(70));
    await keys.withdraw(9);
    expect(keys.end).toBe(7);
  });

  test('can be read beside the process that writes, without changing anything', async () => {
    await closed((keys) => keys.append(0, group(0, 3)));
    await truncate(path, offset(2) + 10);
    await chmod(path, 0o400);
    const before = await readFile(path);
    const keys = await openKeys('read');
    expect(keys.end).toBe(2);
    expect(await keys.get(1)).toEqual(wrappedOf(1));
    await expect(keys.destroy([1])).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
    expect(await readFile(path)).toEqual(before);
  });
});

describe('a key that was destroyed', () => {
  test('reads as destroyed and not as missing, and its bytes are nowhere in the file', async () => {
    await closed(async (keys) => {
      await keys.append(0, group(0, 30));
      await keys.destroy([4, 5, 6, 29, 0, 5]);
      await keys.destroy([4]);
    });
    const keys = await openKeys();
    const bytes = await readFile(path);
    for (let number = 0; number < 30; number += 1) {
      const isDestroyed = [0, 4, 5, 6, 29].includes(number);
      expect(await keys.get(number)).toEqual(isDestroyed ? 'destroyed' : wrappedOf(number));
      expect(bytes.includes(Buffer.from(wrappedOf(number).subarray(0, 8)))).toBe(!isDestroyed);
    }
    expect(await unreadable(keys, 30)).toEqual([]);
  });

  test('may have been missing or damaged before; what has no place in the file stays missing', async () => {
    const keys = await openKeys();
    await keys.append(0, group(0, 2));
    await keys.append(4, group(4, 1));
    await keys.destroy([3, 1_000_000, -1]);
    expect(await keys.get(3)).toBe('destroyed');
    expect(await keys.get(2)).toBe('missing');
    expect(await keys.get(1_000_000)).toBe('missing');
    expect(keys.end).toBe(5);
  });

  test('may be one of many thousands', async () => {
    const keys = await openKeys();
    await keys.append(0, group(0, 10_000));
    await keys.destroy(Array.from({ length: 9_998 }, (_, at) => at + 1));
    expect(await keys.get(0)).toEqual(wrappedOf(0));
    expect(await keys.get(1)).toBe('destroyed');
    expect(await keys.get(9_998)).toBe('destroyed');
    expect(await keys.get(9_999)).toEqual(wrappedOf(9_999));
  });
});

describe('a file that is not whole', () => {
  test('cut at any byte opens with the whole records only, tells which are missing, and takes new ones', async () => {
    await closed((keys) => keys.append(0, group(0, 4)));
    const whole = await readFile(path);
    for (let length = 0; length <= whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      const there = Math.max(0, Math.floor(length / 64) - 1);
      await closed(async (keys) => {
        expect(keys.end).toBe(there);
        expect(await unreadable(keys, 4)).toEqual([0, 1, 2, 3].slice(there).map((number) => `${number} missing`));
        for (let number = 0; number < there; number += 1) expect(await keys.get(number)).toEqual(wrappedOf(number));
        await keys.append(4, group(4, 1));
      });
      await closed(async (keys) => {
        expect(await keys.get(4)).toEqual(wrappedOf(4));
        expect(await unreadable(keys, 5)).toHaveLength(4 - there);
      });
    }
  });

  test('with zeros where a power cut lost a page says so, and the rest is read', async () => {
    await closed((keys) => keys.append(0, group(0, 6)));
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0, offset(2) + 5, offset(4)));
    const keys = await openKeys();
    expect(await unreadable(keys, 6)).toEqual(['2 damaged', '3 missing']);
    expect(await keys.get(5)).toEqual(wrappedOf(5));
  });

  test('never gives out a key with a flipped bit, nor one from another place, nor takes one state for another', async () => {
    await closed(async (keys) => {
      await keys.append(0, group(0, 2));
      await keys.append(3, group(3, 1));
      await keys.destroy([1]);
    });
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 64 * 8, max: whole.length * 8 - 1 }), async (bit) => {
        const bytes = Buffer.from(whole);
        const at = Math.floor(bit / 8);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at);
        await writeFile(path, bytes);
        await closed(async (keys) => expect(await keys.get(Math.floor(at / 64) - 1)).toBe('damaged'));
      }),
      { numRuns: 300 },
    );
    const moved = Buffer.from(whole);
    whole.copy(moved, offset(3), offset(0), offset(1));
    await writeFile(path, moved);
    expect(await (await openKeys()).get(3)).toBe('damaged');
  });

  test('and is none of ours is refused and left as it is', async () => {
    await closed((keys) => keys.append(0, group(0, 1)));
    const ours = await readFile(path);
    const files = [
      Buffer.from('#!/bin/sh\n'),
      Buffer.concat([Buffer.alloc(64), ours.subarray(64)]),
      Buffer.from(ours).fill('2', 20, 21),
      ...Array.from({ length: 64 * 8 }, (_, bit) => {
        const bytes = Buffer.from(ours);
        return bytes.fill(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3, (bit >> 3) + 1);
      }),
    ];
    for (const bytes of files) {
      await writeFile(path, bytes);
      await expect(EntryKeys.open(path)).rejects.toMatchObject({ code: 'CH-ENTRY-KEYS-INVALID', place: path });
      expect(await readFile(path)).toEqual(bytes);
    }
    await expect(EntryKeys.read(folder)).rejects.toMatchObject({ code: 'CH-ENTRY-KEYS-INVALID', place: folder });
    await expect(EntryKeys.open(join(folder, 'absent', 'keys'))).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
    await expect(EntryKeys.read(join(folder, 'absent'))).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
  });
});

onSmallDisk('an append that a full disk refuses keeps none of its keys, and goes well when there is room', async () => {
  const keys = await openKeys('open', join(smallDisk, 'entry-keys'));
  await keys.append(0, group(0, 10));
  disk?.fill();
  await expect(keys.append(10, group(10, 500))).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
  expect(keys.end).toBe(10);
  expect(await keys.get(10)).toBe('missing');
  await keys.destroy([3]);
  disk?.makeRoom();
  await keys.append(300, group(300, 2));
  expect(await unreadable(keys, 302)).toEqual(Array.from({ length: 290 }, (_, at) => `${at + 10} missing`));
  expect(await keys.get(3)).toBe('destroyed');
});

test('a kill at any moment while keys are appended loses none that was acknowledged', async () => {
  let acknowledged = 0;
  for (let kills = 0; kills < 12; kills += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'appender', 'main.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const gone = once(child, 'close');
    await once(child.stdout, 'data');
    await delay(Math.random() * 60);
    child.kill('SIGKILL');
    await gone;
    const before = acknowledged;
    acknowledged = Number(printed.slice(0, printed.lastIndexOf('\n')).split('\n').at(-1));
    expect(acknowledged).toBeGreaterThan(before);
    await closed(async (keys) => {
      expect(keys.end).toBeGreaterThanOrEqual(acknowledged);
      expect(await unreadable(keys, keys.end)).toEqual([]);
      for (let number = before; number < keys.end; number += 1)
        expect(await keys.get(number)).toEqual(wrappedOf(number));
    });
  }
  process.stdout.write(`${acknowledged} keys through 12 kills\n`);
});
