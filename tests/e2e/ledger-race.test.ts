/** What an official writes and deletes while the bridge is down is on record as far as the homeserver still has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportTo, type GivenRecord, recordsIn } from '../peers/given-records.ts';
import { Scene } from '../peers/scene.ts';

const outside = mkdtempSync(join(tmpdir(), 'bags-'));
let scene: Scene;
let bags = 0;

beforeAll(async () => {
  scene = await Scene.open({ recorded: true });
}, 300_000);

afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await scene.close();
}, 60_000);

async function recordOf(event: string): Promise<GivenRecord['fields'][]> {
  const bag = join(outside, `bag-${(bags += 1)}`);
  await exportTo(bag, scene.house);
  return recordsIn(bag)
    .map(({ fields }) => fields)
    .filter(({ event: id, relates }) => id === event || (relates as { target?: string } | undefined)?.target === event);
}

/** Written and deleted while nobody of the bridge is there to see it. */
async function regretted(room: string, words: string): Promise<string> {
  const { ana, house } = scene;
  await house.bridge.stop();
  const event = await ana.sendText(room, words);
  await ana.redact(room, event);
  await house.bridge.start();
  const after = `after: ${words}`;
  await ana.sendText(room, after);
  await scene.arrivesAtPhone(after);
  await scene.settled();
  return event;
}

test('without the homeserver’s help the record says that something was said and is gone, and what to switch on', async () => {
  const { room } = await scene.openChat('is my passport ready?');
  const event = await regretted(room, 'he is a nuisance');
  const [gap, deletion] = await recordOf(event);
  expect(gap).toMatchObject({
    kind: 'gap',
    event,
    author: { user: scene.ana.userId },
    reason: expect.stringContaining('msc2815_enabled'),
  });
  expect(deletion).toMatchObject({ kind: 'deletion', relates: { target: event } });
  expect(await scene.reachedPhone('he is a nuisance')).toEqual([]);
});

test('with it the record has the words, who wrote and who deleted them; the citizen never gets them', async () => {
  const { house } = scene;
  await house.synapse.stop();
  await house.synapse.start({ experimental_features: { msc2815_enabled: true } });
  const { room } = await scene.openChat('and my other passport?');
  const event = await regretted(room, 'what a pest');
  const [message, deletion] = await recordOf(event);
  expect(message).toMatchObject({
    kind: 'message',
    event,
    author: { user: scene.ana.userId },
    content: { type: 'm.room.message', content: { body: 'what a pest' } },
    reason: expect.stringContaining('deleted before it came here'),
  });
  expect(deletion).toMatchObject({ kind: 'deletion', author: { user: scene.ana.userId }, relates: { target: event } });
  expect(await scene.reachedPhone('what a pest')).toEqual([]);
});

test('nobody but the bridge may delete what a citizen said, whatever rights somebody is given', async () => {
  const { ana } = scene;
  const { room, first } = await scene.openChat('this must stay');
  await expect(ana.redact(room, first.event_id)).rejects.toThrow();
  const rights = await ana.call('GET', `/rooms/${encodeURIComponent(room)}/state/m.room.power_levels/`);
  // To give anybody as much takes a right that only the bridge has.
  expect(rights).toMatchObject({ redact: 100, events: { 'm.room.power_levels': 100 } });
});
