/** How the bridge is: what it lacks, in words; how much waits, in figures. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CatchUp } from '../../../src/bridge/catch-up.ts';
import { Health } from '../../../src/bridge/health.ts';
import { HomeserverLink } from '../../../src/bridge/homeserver-link.ts';
import { Intake } from '../../../src/bridge/intake.ts';
import { Lanes } from '../../../src/bridge/lanes.ts';
import { asId, type AccountId, type LaneKey } from '../../../src/model/ids.ts';
import type { Direction } from '../../../src/store/schema.ts';
import { account, FakeSession, networkName } from './fake-session.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
let link: HomeserverLink;
let health: Health;

beforeEach(async () => {
  workshop = await Workshop.open();
  const { context } = workshop;
  const lanes = (direction: Direction): Lanes =>
    new Lanes({ ...context, direction, concurrency: 1, handle: () => Promise.reject(new Error('nobody works here')) });
  const catchUp = new CatchUp(context, new Intake(context, () => undefined));
  link = new HomeserverLink({ context, catchUp, registrationId: 'chancery', onReturn: async () => undefined });
  health = new Health({ context, inbound: lanes('in'), outbound: lanes('out'), link });
});

afterEach(async () => {
  await link.stop(0);
  await workshop.close();
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const gauge = async (line: string): Promise<string | undefined> => {
  const page = await workshop.context.metrics.registry.metrics();
  return page.split('\n').find((each) => each.startsWith(`${line} `));
};

test('the homeserver is missing until it has answered, and again once it does not', async () => {
  expect(health.missing()).toEqual(['the homeserver is not connected (connecting)']);
  workshop.homeserver.answer = () => [200, { duration_ms: 1, chunk: [] }];
  link.start();
  await until(() => health.missing().length === 0);
  workshop.homeserver.answer = () => undefined;
  link.suspect();
  await until(() => health.missing().length > 0);
  expect(health.missing()).toEqual(['the homeserver is not connected (away)']);
});

test('an account of which the network accepts nothing is missing, without its name or number', async () => {
  const other = new FakeSession();
  Object.assign(other, { isInTrouble: true });
  workshop.context.sessions.set(asId<AccountId>('parrot-2'), { session: other, networkName });
  expect(health.missing()).toContain('parrot accepts nothing of 1 of 2 accounts');
  expect(health.missing().join()).not.toContain(account.displayName);
  await health.measure();
  expect(await gauge('chancery_accounts{network="parrot",state="connected"}')).toMatch(/ 1$/);
  expect(await gauge('chancery_accounts{network="parrot",state="trouble"}')).toMatch(/ 1$/);
});

test('what waits is measured as it is now: how much, in how many chats, for how long', async () => {
  const { store } = workshop.context;
  const lane = asId<LaneKey>('out/!chat');
  for (const [dedupeKey, ago] of [
    ['$1', 90_000],
    ['$2', 30_000],
  ] as const)
    await store.write((unit) =>
      unit.journal.add({ direction: 'out', dedupeKey, lane, payload: {}, receivedAt: workshop.now - ago }),
    );
  await health.measure();
  expect(await gauge('chancery_journal_waiting{direction="out"}')).toMatch(/ 2$/);
  expect(await gauge('chancery_lane_depth_max{direction="out"}')).toMatch(/ 2$/);
  expect(await gauge('chancery_oldest_undelivered_seconds{direction="out"}')).toMatch(/ 90$/);
  expect(await gauge('chancery_lanes_parked{direction="out"}')).toMatch(/ 0$/);
  const head = await store.read.journal.head(lane);
  await store.write((unit) => unit.journal.park(head?.id ?? asId(0), 'refused'));
  await health.measure();
  expect(await gauge('chancery_lanes_parked{direction="out"}')).toMatch(/ 1$/);
  expect(await gauge('chancery_lanes_parked{direction="in"}')).toMatch(/ 0$/);
});
