/** Read marks and typing of officials reach the contact while they are worth something, and never cost anything. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Marks } from '../../../src/bridge/marks.ts';
import type { EphemeralEvent } from '../../../src/matrix/ephemeral.ts';
import { asId, type ContactId, type EventId, type RemoteMessageId, type RoomId } from '../../../src/model/ids.ts';
import type { Portal } from '../../../src/store/portals.ts';
import { account } from './fake-session.ts';
import { ana, stranger, Workshop } from './workshop.ts';

let workshop: Workshop;
let marks: Marks;
let portal: Portal;

beforeEach(async () => {
  workshop = await Workshop.open();
  marks = new Marks(workshop.context);
  portal = await workshop.portal();
  for (const id of ['m1', 'm2', 'm3']) await arrived(portal, id);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await workshop.close();
});

/** A message of the contact that is in its room: `m1` as the event `$m1`. */
async function arrived({ id: portalId }: Portal, id: string): Promise<void> {
  await workshop.context.store.write(async (unit) => {
    await unit.journal.add({
      direction: 'in',
      dedupeKey: `${portalId} ${id}`,
      lane: asId(`in/${portalId}`),
      payload: {},
      receivedAt: 1,
    });
    const row = await unit.journal.head(asId(`in/${portalId}`));
    if (row === undefined) throw new Error('the row vanished');
    await unit.parts.ensure({
      journalId: row.id,
      number: 0,
      portalId,
      direction: 'in',
      kind: 'message',
      author: 'erin',
      remoteId: asId<RemoteMessageId>(id),
      eventId: asId<EventId>(`$${id}`),
      updatedAt: 1,
    });
    await unit.journal.finish(row.id, 'done', 1);
  });
}

const receipt = (user: string, message: string, room = '!chat'): EphemeralEvent => ({
  type: 'm.receipt',
  room: asId<RoomId>(room),
  content: { [`$${message}`]: { 'm.read': { [user]: { ts: 1 } } } },
});

const typing = (users: readonly string[], room = '!chat'): EphemeralEvent => ({
  type: 'm.typing',
  room: asId<RoomId>(room),
  content: { user_ids: users },
});

/** Takes them and lets everything happen that they set off: nothing of it needs time. */
async function take(...events: readonly EphemeralEvent[]): Promise<readonly string[]> {
  await marks.take(events);
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return workshop.session.courtesies;
}

test('what an official has read is marked as read for the contact', async () => {
  expect(await take(receipt(ana, 'm2'))).toEqual(['read m2']);
});

test('the same mark is passed on once, a later one again', async () => {
  await take(receipt(ana, 'm2'), receipt(ana, 'm2'));
  await take(receipt('@ben:agency.example', 'm2'));
  expect(await take(receipt(ana, 'm3'))).toEqual(['read m2', 'read m3']);
});

test('who may not write through the portal marks nothing: strangers, ghosts, the bot', async () => {
  const { identifiers, bot } = workshop.context;
  const ghost = identifiers.ghost(account.network, asId<ContactId>('erin'));
  const users = [stranger, ghost, bot.user];
  expect(await take(...users.map((user) => receipt(user, 'm1')), typing(users))).toEqual([]);
});

test('what happens in a room that is no portal is nobody’s business', async () => {
  expect(await take(receipt(ana, 'm1', '!elsewhere'), typing([ana], '!elsewhere'))).toEqual([]);
});

test('an official who has read past the last message of the contact has read that message', async () => {
  expect(await take(receipt(ana, 'an answer of somebody else'))).toEqual(['read m3']);
});

test('typing is passed on at the last message, and not again while the network still shows it', async () => {
  await take(typing([ana]));
  await take(typing([]), typing([ana, '@ben:agency.example']));
  workshop.now += 19_999;
  await take(typing([ana]));
  expect(workshop.session.courtesies).toEqual(['typing m3']);
  workshop.now += 1;
  expect(await take(typing([ana]))).toEqual(['typing m3', 'typing m3']);
});

test('in a chat in which the contact never wrote there is nothing to mark', async () => {
  await workshop.portal('silent');
  expect(await take(receipt(ana, 'm1', '!silent'), typing([ana], '!silent'))).toEqual([]);
});

test('while a mark is under way only the latest of its portal waits, and other portals do not wait at all', async () => {
  const gate = Promise.withResolvers<undefined>();
  workshop.session.onCourtesy = () => gate.promise;
  await arrived(await workshop.portal('other'), 'o1');
  await take(receipt(ana, 'm1'));
  await take(receipt(ana, 'm2'));
  expect(await take(receipt(ana, 'm3'), receipt(ana, 'o1', '!other'))).toEqual(['read m1', 'read o1']);
  gate.resolve(undefined);
  expect(await take()).toEqual(['read m1', 'read o1', 'read m3']);
});

test('a network that does not take a mark is no trouble, and takes the next', async () => {
  workshop.session.onCourtesy = () => Promise.reject(new Error('no connection'));
  await take(receipt(ana, 'm1'));
  expect(await take(receipt(ana, 'm2'), typing([ana]))).toEqual(['read m1', 'read m2', 'typing m3']);
});

test('a database in trouble is no trouble either', async () => {
  jest.spyOn(workshop.context.store.read.portals, 'byRoom').mockRejectedValueOnce(new Error('disk trouble'));
  await take(receipt(ana, 'm1'));
  expect(await take(receipt(ana, 'm2'))).toEqual(['read m2']);
});
