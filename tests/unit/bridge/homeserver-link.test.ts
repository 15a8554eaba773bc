/** The link to the homeserver ends when it is told to, whatever it is just doing. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CatchUp } from '../../../src/bridge/catch-up.ts';
import { HomeserverLink } from '../../../src/bridge/homeserver-link.ts';
import { Intake } from '../../../src/bridge/intake.ts';
import { Workshop } from './workshop.ts';

const longerThanAnyTestMs = 10 * 60_000;
let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.open();
});

afterEach(async () => {
  await workshop.close();
});

function linkOf({ context }: Workshop, onReturn: () => Promise<void>): HomeserverLink {
  const catchUp = new CatchUp(context, new Intake(context, () => undefined));
  return new HomeserverLink({ context, catchUp, registrationId: 'chancery', onReturn });
}

test('a stop in the middle of a question waits for the answer and for nothing after it', async () => {
  workshop.homeserver.answer = () => [200, { duration_ms: 1 }];
  const asked = Promise.withResolvers<undefined>();
  const answered = Promise.withResolvers<undefined>();
  const link = linkOf(workshop, async () => {
    asked.resolve(undefined);
    await answered.promise;
  });
  link.start();
  await asked.promise;
  const stopped = link.stop(longerThanAnyTestMs);
  answered.resolve(undefined);
  await stopped;
  expect(link.state).toBe('connected');
});

test('a stop in a pause ends it', async () => {
  const link = linkOf(workshop, async () => undefined);
  workshop.homeserver.answer = () => undefined;
  link.start();
  while (link.state !== 'away') await new Promise((resolve) => setImmediate(resolve));
  await link.stop(longerThanAnyTestMs);
  expect(link.state).toBe('away');
});
