/**
 * An event of a room as the homeserver hands it over. What is no event is kept as it came, with the reason, so that
 * it can be set aside and blocks nothing.
 */
import { z } from 'zod';
import { asId, type EventId, type RoomId, type UserId } from '../model/ids.ts';
import { isJsonObject, type JsonObject, nestsDeeperThan, stringMember } from './json-object.ts';

/** Client-server API, "Room event format". */
export interface RoomEvent {
  readonly event_id: EventId;
  readonly room_id: RoomId;
  readonly sender: UserId;
  readonly type: string;
  /** Present on state events only. */
  readonly state_key?: string;
  /** Milliseconds since the Unix epoch, as the sender's homeserver claims. */
  readonly origin_server_ts: number;
  readonly content: JsonObject;
  /** Redactions of room versions below 11; later ones name it in `content`. */
  readonly redacts?: EventId;
  readonly unsigned?: JsonObject;
}

/** Something in the place of an event that nobody can read. */
export interface UnreadableEvent {
  readonly reason: string;
  /** As JSON. */
  readonly raw: string;
  /** Where they could be told. */
  readonly event?: EventId;
  readonly room?: RoomId;
}

/** Client-server API, "Size limits" and appendix "Common identifier format": 255 bytes. */
const maxIdBytes = 255;
/** Beyond anything a client makes; what comes after us may walk through the content recursively. */
const maxDepth = 60;
const describedAlone = 100;

/** Half a surrogate pair cannot be stored and stands in no URL: two ids that differ in one would become the same. */
const bounded = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= maxIdBytes, `at most ${maxIdBytes} bytes`)
  .refine((text) => text.isWellFormed(), 'whole characters');
const sigil = (mark: string) => bounded.refine((text) => text.startsWith(mark), `an id that starts with ${mark}`);
const jsonObject = z.custom<JsonObject>(isJsonObject, 'an object');

const eventShape = z.object({
  event_id: sigil('$').transform(asId<EventId>),
  room_id: sigil('!').transform(asId<RoomId>),
  sender: sigil('@').transform(asId<UserId>),
  type: bounded,
  state_key: bounded.optional(),
  origin_server_ts: z.int(),
  content: jsonObject,
  redacts: sigil('$')
    .transform(asId<EventId>)
    .optional()
    .catch(undefined),
  unsigned: jsonObject.optional().catch(undefined),
});

export function readRoomEvent(raw: unknown): RoomEvent | UnreadableEvent {
  return eventIn(raw) ?? unreadable(raw);
}

/**
 * In the order of the list, but unreadable ones beyond the first hundred come last and together: a body can hold
 * millions of them, and each takes its time to be described and stored.
 */
export function readRoomEvents(list: readonly unknown[]): (RoomEvent | UnreadableEvent)[] {
  const read: (RoomEvent | UnreadableEvent)[] = [];
  const crowd: unknown[] = [];
  let described = 0;
  for (const raw of list) {
    const event = stringMember(raw, 'event_id') === undefined ? undefined : eventIn(raw);
    if (event !== undefined) read.push(event);
    else if (described < describedAlone) {
      described += 1;
      read.push(unreadable(raw));
    } else crowd.push(raw);
  }
  if (crowd.length > 0)
    read.push({ reason: `${crowd.length} more that are no events`, raw: `[${crowd.map(asJson).join(',')}]` });
  return read;
}

function eventIn(raw: unknown): RoomEvent | undefined {
  if (nestsDeeperThan(raw, maxDepth)) return undefined;
  const parsed = eventShape.safeParse(raw);
  if (!parsed.success) return undefined;
  const { state_key, redacts, unsigned, ...event } = parsed.data;
  return {
    ...event,
    ...(state_key === undefined ? {} : { state_key }),
    ...(redacts === undefined ? {} : { redacts }),
    ...(unsigned === undefined ? {} : { unsigned }),
  };
}

export const isReadable = (event: RoomEvent | UnreadableEvent): event is RoomEvent => 'event_id' in event;

function unreadable(raw: unknown): UnreadableEvent {
  const event = sigil('$').safeParse(stringMember(raw, 'event_id'));
  const room = sigil('!').safeParse(stringMember(raw, 'room_id'));
  return {
    reason: whyUnreadable(raw),
    raw: asJson(raw),
    ...(event.success ? { event: asId<EventId>(event.data) } : {}),
    ...(room.success ? { room: asId<RoomId>(room.data) } : {}),
  };
}

function whyUnreadable(raw: unknown): string {
  if (nestsDeeperThan(raw, maxDepth)) return `It nests deeper than ${maxDepth} levels.`;
  const { error } = eventShape.safeParse(raw);
  return error === undefined ? '' : z.prettifyError(error);
}

/** `JSON.stringify` recurses: what is nested too deeply even for it is kept without the members that are. */
function asJson(raw: unknown): string {
  try {
    return JSON.stringify(raw);
  } catch {
    const shallow = Object.entries(isJsonObject(raw) ? raw : {}).filter(
      ([, value]) => !nestsDeeperThan(value, maxDepth),
    );
    return JSON.stringify(Object.fromEntries(shallow));
  }
}
