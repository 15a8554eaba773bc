/**
 * What passes and is not kept: who is typing, who has read up to where. Client-server API, "Typing notifications"
 * and "Receipts". Anything malformed is as if it had not come.
 */
import { asId, type EventId, type RoomId, type UserId } from '../model/ids.ts';
import { isJsonObject, type JsonObject, objectMember, stringMember } from './json-object.ts';

export interface EphemeralEvent {
  readonly type: string;
  /** Absent on presence. */
  readonly room?: RoomId;
  readonly content: JsonObject;
}

export interface ReadReceipt {
  readonly room: RoomId;
  readonly user: UserId;
  /** The last event that was read. */
  readonly event: EventId;
  /** Milliseconds since the Unix epoch. */
  readonly at?: number;
}

export interface Typing {
  readonly room: RoomId;
  /** Everybody who is typing now; empty when they stopped. */
  readonly users: readonly UserId[];
}

export function readEphemeral(raw: unknown): EphemeralEvent | undefined {
  const type = stringMember(raw, 'type');
  const content = objectMember(raw, 'content');
  const room = stringMember(raw, 'room_id');
  if (type === undefined || content === undefined) return undefined;
  return { type, content, ...(room?.startsWith('!') === true ? { room: asId<RoomId>(room) } : {}) };
}

/** Public receipts only (`m.read`); private ones are never handed to an application service. */
export function readReceiptsOf({ type, room, content }: EphemeralEvent): ReadReceipt[] {
  if (type !== 'm.receipt' || room === undefined) return [];
  return Object.keys(content).flatMap((event) =>
    Object.entries(objectMember(objectMember(content, event), 'm.read') ?? {}).flatMap(([user, receipt]) => {
      if (!event.startsWith('$') || !user.startsWith('@')) return [];
      const at = isJsonObject(receipt) ? receipt['ts'] : undefined;
      const when = typeof at === 'number' ? { at } : {};
      return [{ room, user: asId<UserId>(user), event: asId<EventId>(event), ...when }];
    }),
  );
}

export function typingOf({ type, room, content }: EphemeralEvent): Typing | undefined {
  const users = content['user_ids'];
  if (type !== 'm.typing' || room === undefined || !Array.isArray(users)) return undefined;
  const known = users.filter((user): user is string => typeof user === 'string' && user.startsWith('@'));
  return { room, users: known.map((user) => asId<UserId>(user)) };
}
