/** A homeserver does not push everything: what a room holds is compared with what the journal knows. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { CatchUp } from '../../../src/bridge/catch-up.ts';
import { Intake } from '../../../src/bridge/intake.ts';
import { asId, type ContactId, type RoomId } from '../../../src/model/ids.ts';
import type { RoomEvent } from '../../../src/matrix/room-event.ts';
import { outboundLane, type Portal } from '../../../src/store/portals.ts';
import { account } from './fake-session.ts';
import { roomEvent, Workshop } from './workshop.ts';

let workshop: Workshop;
let catchUp: CatchUp;
let intake: Intake;
let portal: Portal;
/** What the room holds, oldest first. */
let history: RoomEvent[];
let asked = 0;

beforeEach(async () => {
  workshop = await Workshop.open();
  intake = new Intake(workshop.context, () => undefined);
  catchUp = new CatchUp(workshop.context, intake);
  portal = await workshop.portal();
  history = [];
  asked = 0;
  workshop.homeserver.answer = () => {
    asked += 1;
    return [200, { chunk: history.toReversed() }];
  };
});

afterEach(async () => {
  jest.restoreAllMocks();
  await workshop.close();
});

const inRoom = (id: string): RoomEvent => roomEvent(id, portal.roomId === null ? {} : { room_id: portal.roomId });
const batch = (...events: readonly RoomEvent[]) => ({ events, unreadable: [] });

/** What the lane will do, in order. */
async function journalled(): Promise<string[]> {
  const { store } = workshop.context;
  const done: string[] = [];
  for (;;) {
    const head = portal.roomId === null ? undefined : await store.read.journal.head(outboundLane(portal.roomId));
    if (head === undefined) return done;
    done.push(head.dedupeKey);
    await store.write((unit) => unit.journal.finish(head.id, 'done', 1));
  }
}

test('what was never pushed is taken in before the newer event that shows it, in the order of the room', async () => {
  history = [inRoom('lost'), inRoom('pushed')];
  await catchUp.before([inRoom('pushed')]);
  await intake.accept(batch(inRoom('pushed')));
  expect(await journalled()).toEqual([inRoom('lost').event_id, inRoom('pushed').event_id]);
});

test('what is just being delivered is not told as missed, what was lost before it is', async () => {
  const told = jest.spyOn(workshop.context.log, 'warn');
  history = [inRoom('pushed')];
  await catchUp.before([inRoom('pushed')]);
  expect(told).not.toHaveBeenCalled();
  history = [inRoom('pushed'), inRoom('lost'), inRoom('next')];
  catchUp.suspect();
  await catchUp.before([inRoom('next')]);
  expect(told).toHaveBeenCalledWith(expect.objectContaining({ missed: 1 }), expect.stringContaining('not delivered'));
});

test('a room is looked at once, and again after every sign that something is missing', async () => {
  history = [inRoom('one')];
  await catchUp.before([inRoom('one')]);
  await catchUp.before([inRoom('two')]);
  expect(asked).toBe(1);
  catchUp.suspect();
  await catchUp.before([inRoom('three')]);
  expect(asked).toBe(2);
});

test('rooms that are no portals, and events that do not concern us, ask for nothing', async () => {
  await catchUp.before([
    roomEvent('elsewhere', { room_id: asId<RoomId>('!elsewhere') }),
    { ...inRoom('ours'), sender: workshop.context.bot.user },
  ]);
  expect(asked).toBe(0);
});

test('a homeserver that cannot answer now makes the transaction come again', async () => {
  workshop.homeserver.answer = () => [502, {}];
  await expect(catchUp.before([inRoom('one')])).rejects.toMatchObject({ kind: 'unreachable' });
});

test('a room that the bot may not look into does not hold up what is pushed', async () => {
  workshop.homeserver.answer = () => [403, { errcode: 'M_FORBIDDEN', error: 'not in room' }];
  await catchUp.before([inRoom('one')]);
  await intake.accept(batch(inRoom('one')));
  expect(await journalled()).toEqual([inRoom('one').event_id]);
});

test('after a start every active portal is compared, those that were compared meanwhile excepted', async () => {
  history = [inRoom('one')];
  await catchUp.before([inRoom('one')]);
  expect(asked).toBe(1);
  expect(await catchUp.run(new AbortController().signal)).toBe(0);
  expect(asked).toBe(1);
});

test('a while later all are compared once more: what was said meanwhile may be stuck in the homeserver as well', async () => {
  const { signal } = new AbortController();
  history = [inRoom('one')];
  expect(await catchUp.run(signal)).toBe(1);
  expect(catchUp.dueInMs).toBeGreaterThan(5_000);
  history = [inRoom('one'), inRoom('two')];
  expect(await catchUp.run(signal)).toBe(1);
  expect(catchUp.dueInMs).toBeUndefined();
  expect(asked).toBe(2);
});

test('however often something is suspected, comparing everything rests in between', async () => {
  const { signal } = new AbortController();
  expect(catchUp.dueInMs).toBe(0);
  await catchUp.run(signal);
  await catchUp.run(signal);
  expect(catchUp.dueInMs).toBeUndefined();
  catchUp.suspect();
  catchUp.suspect();
  expect(catchUp.dueInMs).toBeGreaterThan(0);
});

test('one sick room holds up what is pushed for the others for a moment only, and is asked anew later', async () => {
  const start = 1_000;
  const time = jest.spyOn(performance, 'now').mockReturnValue(start);
  const sick = jest.fn((): [number, object] => [500, { errcode: 'M_UNKNOWN' }]);
  workshop.homeserver.answer = sick;
  await expect(catchUp.before([inRoom('one')])).rejects.toMatchObject({ kind: 'again' });
  time.mockReturnValue(start + 20_001);
  await catchUp.before([inRoom('one')]);
  catchUp.suspect();
  await catchUp.before([inRoom('two')]);
  expect(sick).toHaveBeenCalledTimes(1);
  expect(catchUp.dueInMs).toBeDefined();
  time.mockReturnValue(start + 700_000);
  await expect(catchUp.before([inRoom('three')])).rejects.toMatchObject({ kind: 'again' });
});

test('a room is read back to where the last comparison began, however rarely an official writes there', async () => {
  const ghost = workshop.context.identifiers.ghost(account.network, asId<ContactId>('erin'));
  history = Array.from({ length: 60 }, (_, index) => ({ ...inRoom(`citizen ${index}`), sender: ghost }));
  const pages = pagesOf(() => history.toReversed());
  workshop.homeserver.answer = pages.answer;
  await catchUp.run(new AbortController().signal);
  expect(pages.asked()).toBe(2);
  history.push({ ...inRoom('one more'), sender: ghost });
  catchUp.suspect();
  await catchUp.before([inRoom('new')]);
  expect(pages.asked()).toBe(3);
});

/** Answers as a homeserver that has pages. */
function pagesOf(newestFirst: () => readonly RoomEvent[]) {
  let count = 0;
  return {
    asked: () => count,
    answer: ({ query }: { readonly query: Readonly<Record<string, string>> }): [number, object] => {
      count += 1;
      const from = Number(query['from'] ?? 0);
      const to = from + Number(query['limit']);
      const all = newestFirst();
      return [200, { chunk: all.slice(from, to), ...(to < all.length ? { end: String(to) } : {}) }];
    },
  };
}

test('what cannot be read in the history is set aside, as it is when it is pushed', async () => {
  workshop.homeserver.answer = () => [200, { chunk: [{ ...inRoom('odd'), origin_server_ts: 1e300 }] }];
  await catchUp.run(new AbortController().signal);
  expect((await workshop.context.store.read.journal.counts()).quarantined).toBe(1);
});
