/** A chat has its room only when those who work for it can see it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PortalRooms } from '../../../src/bridge/portal-rooms.ts';
import { asId, type ChatId, type UserId } from '../../../src/model/ids.ts';
import type { Portal } from '../../../src/store/portals.ts';
import type { Answer } from '../matrix/fake-homeserver.ts';
import { account } from './fake-session.ts';
import { ana, Workshop } from './workshop.ts';

let workshop: Workshop;
let portal: Portal;
/** What the homeserver says to an invitation. */
let toInvitation: () => Answer;
let invited: string[];

beforeEach(async () => {
  workshop = await Workshop.open();
  portal = await workshop.context.store.write((unit) =>
    unit.portals.ensure(account.id, asId<ChatId>('chat'), 'Cora', workshop.now),
  );
  invited = [];
  workshop.homeserver.answer = ({ path, body }) => {
    if (path.endsWith('/createRoom')) return [200, { room_id: '!new' }];
    if (!path.endsWith('/invite')) return [404, { errcode: 'M_NOT_FOUND' }];
    invited.push((JSON.parse(body.toString()) as { user_id: string }).user_id);
    return toInvitation();
  };
});

afterEach(async () => {
  await workshop.close();
});

const roomInStore = async (): Promise<string | null | undefined> =>
  (await workshop.context.store.read.portals.get(portal.id))?.roomId;
const unwell: Answer = [502, { errcode: 'M_UNKNOWN', error: 'their server is away' }];

test('an official whom the homeserver does not let us invite just now is invited before the room counts', async () => {
  const rooms = new PortalRooms(workshop.context);
  toInvitation = () => [429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 5 }];
  for (let attempt = 0; attempt < 20; attempt += 1)
    await expect(rooms.ensure(portal)).rejects.toMatchObject({ kind: 'again' });
  expect(await roomInStore()).toBeNull();
  toInvitation = () => [200, {}];
  await rooms.ensure(portal);
  expect(invited.at(-1)).toBe(ana);
  expect(await roomInStore()).toBe('!new');
});

test('an official of ours is waited for however long the homeserver is unwell', async () => {
  const rooms = new PortalRooms(workshop.context);
  toInvitation = () => unwell;
  for (let attempt = 0; attempt < 20; attempt += 1)
    await expect(rooms.ensure(portal)).rejects.toMatchObject({ kind: 'again' });
  expect(await roomInStore()).toBeNull();
});

test('somebody whose own homeserver is away is waited for a while and then left out', async () => {
  const bea = asId<UserId>('@bea:elsewhere.example');
  const rooms = new PortalRooms({ ...workshop.context, policy: { ...workshop.context.policy, invite: [bea, ana] } });
  toInvitation = () => (invited.at(-1) === bea ? unwell : [200, {}]);
  for (let attempt = 0; attempt < 4; attempt += 1)
    await expect(rooms.ensure(portal)).rejects.toMatchObject({ kind: 'again' });
  await rooms.ensure(portal);
  expect(invited.at(-1)).toBe(ana);
});

test('somebody who may not be invited does not cost the others the room', async () => {
  const rooms = new PortalRooms(workshop.context);
  toInvitation = () => [403, { errcode: 'M_FORBIDDEN' }];
  expect(await rooms.ensure(portal)).toBe('!new');
});
