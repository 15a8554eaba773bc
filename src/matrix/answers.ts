/** What the homeserver's answers look like, and which of its refusals are answers. */
import { z } from 'zod';
import { asId, type EventId, type RoomId, type UserId } from '../model/ids.ts';
import { HomeserverError } from './homeserver-error.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

export const anything = z.unknown();
export const jsonObject = z.custom<JsonObject>(isJsonObject, 'an object');
export const roomAnswer = z.object({
  room_id: z
    .string()
    .startsWith('!')
    .transform(asId<RoomId>),
});
export const eventAnswer = z.object({
  event_id: z
    .string()
    .startsWith('$')
    .transform(asId<EventId>),
});
export const versionsShape = z.object({ versions: z.array(z.string()) });
export const capabilitiesShape = z.object({
  capabilities: z.object({ 'm.room_versions': z.object({ available: z.record(z.string(), anything) }) }),
});
export const memberShape = z.object({
  state_key: z
    .string()
    .startsWith('@')
    .transform(asId<UserId>),
  content: z.object({ membership: z.enum(['join', 'invite']), displayname: z.string().optional().catch(undefined) }),
});

export const unlessMissing = <Answer>(request: () => Promise<Answer>): Promise<Answer | undefined> =>
  unless('M_NOT_FOUND', request);

/** Undefined where the homeserver refuses with this code, which is an answer here and no failure. */
export async function unless<Answer>(errcode: string, request: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await request();
  } catch (thrown) {
    if (thrown instanceof HomeserverError && thrown.errcode === errcode) return undefined;
    throw thrown;
  }
}
