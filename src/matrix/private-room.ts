/** A room of the bot and one other, in which the bot tells something. */
import { roomVersion } from './portal-room.ts';
import type { CreateRoom } from './room-requests.ts';

export const privateRoom = (aliasLocalpart: string, name: string, topic: string): CreateRoom => ({
  aliasLocalpart,
  name,
  topic,
  invite: [],
  roomVersion,
  powerLevels: { users: {}, users_default: 0, invite: 50, state_default: 50 },
  initialState: [{ type: 'm.room.guest_access', stateKey: '', content: { guest_access: 'forbidden' } }],
});
