/** What those see who watch a bridge at work: messages both ways, a homeserver that is gone, a chat that waits. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Scene } from '../peers/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ monitored: true });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const longMs = 60_000;
/** So long a page is kept. */
const pageMs = 1_100;

const ask = (path: string): Promise<Response> => fetch(`${scene.house.monitoringUrl}${path}`);

/** The value of each series, by its name with its labels. */
async function page(): Promise<ReadonlyMap<string, number>> {
  await delay(pageMs);
  const answer = await ask('/metrics');
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

const messages = (direction: string, outcome: string, kind = 'message'): string =>
  `chancery_messages_total{network="whatsapp",direction="${direction}",kind="${kind}",outcome="${outcome}"}`;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + longMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await delay(100);
  }
}

test('a bridge that works is live and ready', async () => {
  const [live, ready] = [await ask('/live'), await ask('/ready')];
  expect([live.status, await live.json()]).toEqual([200, { live: true }]);
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, missing: [] }]);
});

test('messages and reactions both ways are counted by what became of them, calls and commits are timed', async () => {
  const { ana, house } = scene;
  const before = await page();
  const { phone, room, first } = await scene.openChat('to be counted');
  const answer = await ana.sendText(room, 'counted as well');
  const { messageId } = await scene.arrivesAtPhone('counted as well');
  await house.whatsapp.react(phone, messageId, '👍');
  await ana.waitForEvent(({ type, room_id }) => type === 'm.reaction' && room_id === room, { what: 'the reaction' });
  await ana.react(room, first.event_id, '🙏');
  await house.whatsapp.waitForKind('business-reaction', () => true, { what: 'the reaction', timeoutMs: longMs });
  await house.whatsapp.citizen({ phone, undeliverable: true });
  await scene.answerTo(await ana.sendText(room, 'not to be delivered'));
  await scene.settled();
  const after = await page();
  const grew = (series: string): number => (after.get(series) ?? NaN) - (before.get(series) ?? 0);
  expect(answer).toMatch(/^\$/);
  expect({
    in: grew(messages('in', 'passed_on')),
    // One that the network reports undeliverable before its row is done counts as failed and not as passed on.
    out: grew(messages('out', 'passed_on')) + grew(messages('out', 'failed')),
    lost: grew(messages('out', 'failed')) + grew(messages('out', 'undelivered')),
    reactionsIn: grew(messages('in', 'passed_on', 'reaction')),
    reactionsOut: grew(messages('out', 'passed_on', 'reaction')),
    uncertain: grew(messages('out', 'uncertain')),
  }).toEqual({ in: 1, out: 2, lost: 1, reactionsIn: 1, reactionsOut: 1, uncertain: 0 });
  for (const series of [
    'chancery_homeserver_request_seconds_count{method="PUT",route="/_matrix/client/v3/rooms/*/send/*/*",status="2xx"}',
    'chancery_network_request_seconds_count{network="whatsapp",operation="send",status="2xx"}',
    'chancery_journal_lag_seconds_count{direction="in"}',
    'chancery_journal_lag_seconds_count{direction="out"}',
    'chancery_commit_seconds_count',
    'chancery_committed_units_total',
  ])
    expect([series, grew(series) > 0]).toEqual([series, true]);
  expect(after.get('chancery_accounts{network="whatsapp",state="connected"}')).toBe(1);
  expect(after.get('chancery_ready')).toBe(1);
});

test('no label holds an id, a number or a name', async () => {
  const names = [...(await page()).keys()].join('\n');
  expect(names).toContain('chancery_homeserver_request_seconds_count');
  expect(names).not.toMatch(/[!@$#]|%[0-9A-F]{2}|\d{6,}/);
  for (const personal of await scene.everythingPersonal()) expect(names).not.toContain(personal);
});

test('without its homeserver the bridge is live and not ready, says why, and shows what waits; then it is ready again', async () => {
  const { house } = scene;
  const { phone } = await scene.openChat('before the homeserver is killed');
  await scene.settled();
  await house.synapse.kill();
  await house.whatsapp.writeText(phone, 'while it is gone');
  await until('the bridge is not ready', async () => (await ask('/ready')).status === 503);
  expect(await (await ask('/ready')).json()).toEqual({
    ready: false,
    missing: [expect.stringMatching(/^the homeserver is not connected/)],
  });
  expect((await ask('/live')).status).toBe(200);
  expect(await house.whatsapp.idle()).toBe(true);
  const away = await page();
  expect(away.get('chancery_ready')).toBe(0);
  expect(away.get('chancery_homeserver_connected')).toBe(0);
  expect(away.get('chancery_journal_waiting{direction="in"}')).toBeGreaterThan(0);
  expect(away.get('chancery_oldest_undelivered_seconds{direction="in"}')).toBeGreaterThan(0);
  await house.synapse.start();
  await until('the bridge is ready again', async () => (await ask('/ready')).status === 200);
  await scene.arrivesInRoom('while it is gone');
  await scene.settled();
  const back = await page();
  expect(back.get('chancery_homeserver_connected')).toBe(1);
  expect(back.get('chancery_journal_waiting{direction="in"}')).toBe(0);
  expect(back.get('chancery_oldest_undelivered_seconds{direction="in"}')).toBe(0);
});

test('a fault of the network is seen among the calls to it, and is no reason not to be ready', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('before the fault');
  await house.whatsapp.misbehave({ fault: 'graph-5xx', status: 500 });
  await ana.sendText(room, 'after a fault');
  await scene.arrivesAtPhone('after a fault');
  await scene.settled();
  const counted = await page();
  expect(counted.get('chancery_network_request_seconds_count{network="whatsapp",operation="send",status="5xx"}')).toBe(
    1,
  );
  expect((await ask('/ready')).status).toBe(200);
});
