/** The homeserver delivers again under other numbers, and more than concerns us: each event is kept once, ours is not. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import { Intake } from '../../../src/bridge/intake.ts';
import { asId, type ContactId, type EventId, type RoomId, type UserId } from '../../../src/model/ids.ts';
import type { RoomEvent, UnreadableEvent } from '../../../src/matrix/room-event.ts';
import { account } from './fake-session.ts';
import { ana, roomEvent, Workshop } from './workshop.ts';

let workshop: Workshop;
let intake: Intake;
let woken: string[];

beforeEach(async () => {
  workshop = await Workshop.open();
  woken = [];
  intake = new Intake(workshop.context, (lane) => woken.push(lane));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await workshop.close();
});

const take = (...events: readonly RoomEvent[]): Promise<number> => intake.accept({ events, unreadable: [] });
const counts = () => workshop.context.store.read.journal.counts();
const ghost = (): UserId => workshop.context.identifiers.ghost(account.network, asId<ContactId>('erin'));
const membership = (of: UserId, more: Partial<RoomEvent> = {}): RoomEvent =>
  roomEvent(`membership of ${of}`, {
    type: 'm.room.member',
    state_key: of,
    content: { membership: 'invite' },
    ...more,
  });

test('what somebody says is journalled in the lane of its room, as it came', async () => {
  expect(await take(roomEvent('1'))).toBe(1);
  expect(woken).toEqual(['out/!chat']);
  expect((await workshop.context.store.read.journal.head(asId('out/!chat')))?.payload).toEqual(roomEvent('1'));
});

test('an event is journalled once, also when it comes again in another transaction with others', async () => {
  await take(roomEvent('1'));
  expect(await take(roomEvent('1'), roomEvent('2'), roomEvent('2'))).toBe(1);
  expect(await take(roomEvent('2'), roomEvent('1'))).toBe(0);
  expect((await counts()).waiting).toBe(2);
});

test('a room that has nothing new is not woken, another one once', async () => {
  await take(roomEvent('1'));
  woken = [];
  const elsewhere = { room_id: asId<RoomId>('!other') };
  await take(roomEvent('1'), roomEvent('2', elsewhere), roomEvent('3', elsewhere));
  expect(woken).toEqual(['out/!other']);
});

test('what comes again after it was done is not done again', async () => {
  await take(roomEvent('1'));
  const { store } = workshop.context;
  const head = await store.read.journal.head(asId('out/!chat'));
  await store.write((unit) => unit.journal.finish(head?.id ?? asId(0), 'done', 1));
  expect(await take(roomEvent('1'))).toBe(0);
  expect(await counts()).toMatchObject({ waiting: 0 });
});

test('our own words come back as echoes and are not for us: those of the bot and of every ghost', async () => {
  const { bot } = workshop.context;
  expect(await take(roomEvent('1', { sender: bot.user }), roomEvent('2', { sender: ghost() }))).toBe(0);
  expect((await counts()).waiting).toBe(0);
});

test('somebody whose name only resembles ours is somebody else', async () => {
  const { bot } = workshop.context;
  const alike = [
    bot.user.replace(':', 's:'),
    ghost().replace('agency.example', 'elsewhere.example'),
    `${bot.user}.org`,
  ];
  expect(await take(...alike.map((sender, index) => roomEvent(`${index}`, { sender: asId<UserId>(sender) })))).toBe(3);
});

test('state is not for us, but for memberships of our own users', async () => {
  const name = roomEvent('name', { type: 'm.room.name', state_key: '', content: { name: 'x' } });
  const disguised = roomEvent('odd', { type: 'm.room.topic', state_key: ghost() });
  expect(await take(name, disguised, membership(ana))).toBe(0);
  expect(await take(membership(workshop.context.bot.user), membership(ghost()))).toBe(2);
  expect(await take(membership(ghost(), { event_id: asId<EventId>('$own'), sender: workshop.context.bot.user }))).toBe(
    0,
  );
});

test('what nobody can read is set aside once, and the rest of its transaction is taken', async () => {
  const named: UnreadableEvent = { reason: 'no sender', raw: '{"event_id":"$odd"}', event: asId<EventId>('$odd') };
  const nameless: UnreadableEvent = { reason: 'not an object', raw: '7' };
  for (let time = 0; time < 2; time += 1)
    await intake.accept({ events: [roomEvent('1')], unreadable: [named, nameless] });
  expect(await counts()).toMatchObject({ waiting: 1, quarantined: 2 });
  expect(await workshop.context.store.read.journal.lanes('out', undefined, 10)).toEqual(['out/!chat']);
});

test('a transaction of nothing that concerns us needs no write', async () => {
  const write = jest.spyOn(workshop.context.store, 'write');
  expect(await take(roomEvent('1', { sender: ghost() }))).toBe(0);
  expect(write).not.toHaveBeenCalled();
});

test('a transaction that could not be stored is a failure to the homeserver, and nobody is woken', async () => {
  jest.spyOn(workshop.context.store, 'write').mockRejectedValueOnce(new ChanceryError('CH-STORE-BUSY'));
  await expect(take(roomEvent('1'))).rejects.toMatchObject({ code: 'CH-STORE-BUSY' });
  expect(woken).toEqual([]);
  expect(await take(roomEvent('1'))).toBe(1);
});
