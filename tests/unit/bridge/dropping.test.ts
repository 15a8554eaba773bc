/** What an admin takes out of the queue is told to those concerned, as far as anybody knows what became of it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Dropping } from '../../../src/bridge/dropping.ts';
import { Feedback } from '../../../src/bridge/feedback.ts';
import type { MessageState } from '../../../src/model/message-state.ts';
import type { JournalRow } from '../../../src/store/journal.ts';
import { feedbackLane, inboundLane, outboundLane, type Portal } from '../../../src/store/portals.ts';
import type { Direction } from '../../../src/store/schema.ts';
import { ana, roomEvent, Workshop } from './workshop.ts';

let workshop: Workshop;
let portal: Portal;
let dropping: Dropping;

beforeEach(async () => {
  workshop = await Workshop.open();
  workshop.homeserver.answer = () => [200, { event_id: '$said' }];
  portal = await workshop.portal();
  dropping = new Dropping(workshop.context, new Feedback(workshop.context));
});

afterEach(async () => {
  await workshop.close();
});

async function rowOf(direction: Direction, lane: JournalRow['lane'], payload: unknown): Promise<JournalRow> {
  const { store } = workshop.context;
  await store.write((unit) => unit.journal.add({ direction, dedupeKey: lane, lane, payload, receivedAt: 0 }));
  const row = await store.read.journal.head(lane);
  if (row === undefined) throw new Error('the row vanished');
  return row;
}

/** A message of an official with one part in this state. */
async function messageWith(state: MessageState): Promise<JournalRow> {
  const event = roomEvent('event');
  const row = await rowOf('out', outboundLane(event.room_id), event);
  const part = { journalId: row.id, number: 0, portalId: portal.id, direction: 'out', kind: 'message' } as const;
  await workshop.context.store.write(async (unit) => {
    const { id } = await unit.parts.ensure({ ...part, author: ana, eventId: event.event_id, updatedAt: 1 });
    await unit.parts.change(id, 1, { state });
  });
  return row;
}

const said = (): unknown[] =>
  workshop.homeserver.asked
    .filter(({ path }) => path.includes('/send/m.room.message/'))
    .map(({ body }) => (JSON.parse(body.toString()) as { body: unknown }).body);

test.each([
  ['pending', 'failed', /^This was not sent to Parrot/],
  ['sending', 'uncertain', /^Nobody can tell whether this reached Parrot/],
  ['sent', 'sent', /^This was not sent to Parrot, or not all of it/],
] as const)('of a message whose part is %s nothing is claimed that nobody knows', async (before, after, words) => {
  const row = await messageWith(before);
  await dropping.handle(row, 'it was answered by telephone');
  expect(said()).toEqual([expect.stringMatching(words)]);
  expect(said()[0]).toContain('it was answered by telephone');
  expect((await workshop.context.store.read.parts.of(row.id)).map(({ state }) => state)).toEqual([after]);
  expect(await workshop.context.store.read.journal.head(row.lane)).toBeUndefined();
});

test('something of a contact that is dropped is told in the room once, however often it is tried', async () => {
  const row = await rowOf('in', inboundLane(portal.id), { portal: portal.id });
  await dropping.handle(row, 'broken');
  await dropping.handle(row, 'broken');
  const ids = workshop.homeserver.asked.map(({ path }) => path.split('/').at(-1));
  expect(said()[0]).toBe(
    'Something that came from Parrot at 1970-01-01T00:00:00.000Z could not be shown here: an administrator took it out of the queue. broken',
  );
  expect(new Set(ids).size).toBe(1);
});

test('nobody is told that a mark was dropped', async () => {
  await dropping.handle(await rowOf('in', feedbackLane(portal.id), { portal: portal.id, passedOn: '$1' }), 'old');
  expect(said()).toEqual([]);
});
