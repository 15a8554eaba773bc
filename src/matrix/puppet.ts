/** An official's own Matrix user, through whom the bridge says what that person wrote on their phone. */
import type { EventId, RoomId, UserId } from '../model/ids.ts';
import type { JsonObject } from './json-object.ts';
import type { SendEvent } from './room-requests.ts';

/** Every method throws `HomeserverError`. */
export interface Puppet {
  readonly user: UserId;
  /** No harm when the user has joined. */
  join(room: RoomId): Promise<void>;
  /** The same transaction id is the same event. */
  send(event: Omit<SendEvent, 'as'>): Promise<EventId>;
}

/** Marks what a puppet says: it comes back to us as an event of that person, and must not be sent on again. */
const puppetMark = 'org.chancery.from_network';

export const asPuppets = (content: JsonObject): JsonObject => ({ ...content, [puppetMark]: true });
export const isPuppets = (content: JsonObject): boolean => content[puppetMark] === true;
