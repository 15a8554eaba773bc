/** An officer destroys what must not be kept any longer; nobody else can, and it stays destroyed whatever is put back. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BridgeProcess } from '../peers/bridge/bridge-process.ts';
import { exportTo, recordsIn, verified } from '../peers/given-records.ts';
import { officerAnswers } from '../peers/house.ts';
import { Scene } from '../peers/scene.ts';

const outside = mkdtempSync(join(tmpdir(), 'disposal-'));
let scene: Scene;
let bags = 0;

beforeAll(async () => {
  scene = await Scene.open({ recorded: true });
}, 300_000);

afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await scene.close();
}, 60_000);

const exported = async (...args: readonly string[]): Promise<string> => {
  const bag = join(outside, `bag-${(bags += 1)}`);
  await exportTo(bag, scene.house, args);
  return bag;
};
const destroy = (args: readonly string[], key = scene.house.officerKey): Promise<string> =>
  scene.house.bridge.command(
    ['records', 'destroy', '--officer-key', key, '--reason', 'rule 7: two years', '--answers', '-', ...args],
    officerAnswers,
  );
const destroyedIn = (bag: string): number =>
  (JSON.parse(readFileSync(join(bag, 'data/statement.json'), 'utf8')) as { destroyed: number }).destroyed;
const file = (name: string): string => join(scene.house.bridge.directory, 'data/ledger', name);

test('a chat is destroyed and another stays; the bag still fits, counts what is gone, and tells who did it and why', async () => {
  const gone = await scene.openChat('to be forgotten');
  const kept = await scene.openChat('to be kept');
  await scene.settled();
  const before = recordsIn(await exported('--chat', gone.room)).length;
  cpSync(file('entry-keys'), join(outside, 'entry-keys'));
  expect(await destroy(['--chat', gone.room, '--dry-run'])).toContain(`${before} entries would be destroyed`);
  expect(recordsIn(await exported('--chat', gone.room))).toHaveLength(before);

  expect(await destroy(['--chat', gone.room])).toContain(`${before} entries were destroyed`);
  const bag = await exported();
  expect(await verified(bag)).toMatchObject({ code: 0 });
  expect(destroyedIn(bag)).toBe(before);
  const words = readFileSync(join(bag, 'data/records.jsonl'), 'utf8');
  const told = recordsIn(bag).map(({ fields }) => fields);
  expect(JSON.stringify(told)).toContain('to be kept');
  expect(JSON.stringify(told) + words).not.toContain('to be forgotten');
  expect(told.filter(({ kind }) => kind === 'disposal')).toEqual([
    expect.objectContaining({
      author: { id: expect.stringMatching(/^age1/) as unknown },
      reason: 'rule 7: two years',
      content: expect.objectContaining({ entries: before }) as unknown,
    }),
  ]);
  expect((await scene.house.bridge.run(['records', 'audit'])).out).toContain('nothing is missing');
  expect(await destroy(['--chat', gone.room])).toContain('0 entries would be destroyed; nothing was.');
  await scene.house.whatsapp.writeText(kept.phone, 'life goes on');
  await scene.arrivesInRoom('life goes on');
}, 180_000);

test('an older file of keys that is put back while the bridge is down is destroyed again at the start', async () => {
  const before = destroyedIn(await exported());
  await scene.house.bridge.kill();
  const live = readFileSync(file('entry-keys'));
  const old = readFileSync(join(outside, 'entry-keys'));
  expect(old.equals(live.subarray(0, old.length))).toBe(false);
  // As it was before the disposal, with the keys of what came since.
  const handle = await open(file('entry-keys'), 'r+');
  await handle.write(old, 0, old.length, 0);
  await handle.close();
  await scene.house.bridge.start();
  const bag = await exported();
  expect(destroyedIn(bag)).toBe(before);
  expect(readFileSync(file('entry-keys')).subarray(0, old.length).equals(live.subarray(0, old.length))).toBe(true);
  expect(existsSync(join(scene.house.directory, 'localhost-chancery.disposals'))).toBe(true);
}, 120_000);

test('a bridge that is killed between the record of a disposal and its work does that work at the next start', async () => {
  const { bridge } = scene.house;
  const { room } = await scene.openChat('to be forgotten in a crash');
  await scene.settled();
  const before = destroyedIn(await exported());
  const count = recordsIn(await exported('--chat', room)).length;
  await bridge.stop();
  await bridge.start({ dieAt: 'disposal.recorded' });
  const keys = readFileSync(file('entry-keys'));
  await expect(destroy(['--chat', room])).rejects.toThrow('CH-NOT-RUNNING');
  await bridge.ended(15_000);
  // Nothing was done yet but to record it.
  expect(readFileSync(file('entry-keys')).subarray(0, keys.length).equals(keys)).toBe(true);
  await bridge.start();
  const bag = await exported();
  expect(destroyedIn(bag)).toBe(before + count);
  expect(JSON.stringify(recordsIn(bag))).not.toContain('to be forgotten in a crash');
}, 120_000);

test('without the key of an officer who is named nothing is destroyed, and an order without its scope or reason is none', async () => {
  const before = destroyedIn(await exported());
  const stranger = join(outside, 'stranger.age');
  await BridgeProcess.alone(['records', 'keygen', '--out', stranger, '--answers', '-'], officerAnswers);
  await expect(destroy(['--before', '2100-01-01'], stranger)).rejects.toThrow('CH-OFFICER-UNPROVEN');
  await expect(destroy([])).rejects.toThrow('CH-COMMAND-INVALID');
  await expect(destroy(['--before', 'soon'])).rejects.toThrow('CH-COMMAND-INVALID');
  await expect(destroy(['--before', '2100-01-01', '--reason', ' '])).rejects.toThrow('CH-COMMAND-INVALID');
  expect(destroyedIn(await exported())).toBe(before);
}, 120_000);

test('of a person only what concerns them is destroyed, and what officers did stays even when everything before a day goes', async () => {
  const one = await scene.openChat('I am somebody');
  await scene.settled();
  const count = recordsIn(await exported('--contact', one.phone)).length;
  expect(count).toBeGreaterThan(0);
  expect(await destroy(['--contact', one.phone])).toContain(`${count} entries were destroyed`);
  expect(readFileSync(join(await exported('--contact', one.phone), 'data/records.jsonl'), 'utf8')).toBe('');
  await destroy(['--before', '2100-01-01']);
  const kinds = new Set(recordsIn(await exported()).map(({ fields }) => fields['kind']));
  expect(kinds).toContain('disposal');
  expect(kinds).toContain('export');
  expect(kinds).not.toContain('message');
}, 180_000);
