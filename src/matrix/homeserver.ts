/**
 * The homeserver, as the bridge speaks to it: every request is made by one of our users through its device, and each
 * can be made again after a crash without anything happening twice. Every method throws `HomeserverError`.
 */

import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { asId, type ContentUri, type EventId, type RoomId, type UserId } from '../model/ids.ts';
import type { Acting } from './acting.ts';
import {
  anything,
  capabilitiesShape,
  eventAnswer,
  jsonObject,
  memberShape,
  roomAnswer,
  unless,
  unlessMissing,
  versionsShape,
} from './answers.ts';
import { HomeserverError } from './homeserver-error.ts';
import { type DownloadedMedia, HomeserverMedia, type MediaUpload } from './homeserver-media.ts';
import type { JsonObject } from './json-object.ts';
import { readAnswer } from './read-answer.ts';
import { type Actor, type OnRequest, Requests } from './requests.ts';
import { type RoomEvent, readRoomEvent, readRoomEvents, type UnreadableEvent } from './room-event.ts';
import {
  type CreatedRoom,
  type CreateRoom,
  createRoomBody,
  type HistoryPage,
  type InRoom,
  type Member,
  type Redact,
  type SendEvent,
  type StateEvent,
  stateOfRoom,
  statePath,
} from './room-requests.ts';
import { path, type UrlPath } from './url-path.ts';

export type * from './room-requests.ts';

export interface HomeserverOptions {
  /** Base URL of the client-server API, as the configuration names it. */
  readonly url: string;
  /** What stands behind the colon of its users' ids. */
  readonly serverName: string;
  /** The registration's `as_token`. */
  readonly token: string;
  /** Is told of every request once it is over. */
  readonly onRequest?: OnRequest;
}

/** What waits for a page of history is a whole transaction. */
/** It waits for its own answer meanwhile. */
const unredactedWithinMs = 3_000;
const historyWithinMs = 15_000;
export class Homeserver {
  readonly #serverName: string;
  readonly #requests: Requests;
  readonly #media: HomeserverMedia;

  constructor({ url, serverName, token, onRequest }: HomeserverOptions) {
    this.#serverName = serverName;
    this.#requests = new Requests(url, token, onRequest);
    this.#media = new HomeserverMedia(this.#requests);
  }

  /** Makes one of our users; no harm when it exists. Application service API, "Server admin style permissions". */
  async registerUser(user: UserId): Promise<void> {
    const body = { type: 'm.login.application_service', username: localpartOf(user), inhibit_login: true };
    await unless('M_USER_IN_USE', async () => {
      await this.#requests.ask(anything, {
        as: undefined,
        method: 'POST',
        path: path`/_matrix/client/v3/register`,
        body,
      });
    });
  }

  /** Makes the user's device; no harm when it exists (MSC4190). */
  async ensureDevice(user: UserId, device: string, displayName = 'Chancery'): Promise<void> {
    await this.#requests.ask(anything, {
      as: { user },
      method: 'PUT',
      path: path`/_matrix/client/v3/devices/${device}`,
      body: { display_name: displayName },
    });
  }

  /** No harm when there is no such device. */
  async removeDevice(user: UserId, device: string): Promise<void> {
    const at = path`/_matrix/client/v3/devices/${device}`;
    await unlessMissing(() => this.#requests.ask(anything, { as: { user }, method: 'DELETE', path: at, body: {} }));
  }

  async setDisplayName(as: Acting, displayName: string): Promise<void> {
    await this.#put(as, path`/_matrix/client/v3/profile/${as.user}/displayname`, { displayname: displayName });
  }

  async setAvatar(as: Acting, avatar: ContentUri): Promise<void> {
    await this.#put(as, path`/_matrix/client/v3/profile/${as.user}/avatar_url`, { avatar_url: avatar });
  }

  /** Two calls with the same alias make one room; the second finds it. */
  async createRoom(as: Acting, room: CreateRoom): Promise<CreatedRoom> {
    const created = await unless('M_ROOM_IN_USE', () =>
      this.#requests.ask(roomAnswer, {
        as,
        method: 'POST',
        path: path`/_matrix/client/v3/createRoom`,
        body: createRoomBody(room),
      }),
    );
    if (created !== undefined) return { room: created.room_id, existed: false };
    const found = await this.resolveAlias(as, room.aliasLocalpart);
    if (found !== undefined) return { room: found, existed: true };
    throw new HomeserverError({
      kind: 'again',
      status: 404,
      place: room.aliasLocalpart,
      detail: 'Its alias vanished.',
    });
  }

  /** Does what a homeserver that died in the middle of `createRoom` has not done. The user is in the room. */
  async completeRoom(where: InRoom, room: CreateRoom): Promise<void> {
    for (const wanted of stateOfRoom(room, this.#aliasOf(room.aliasLocalpart))) {
      const present = await this.getState(where, wanted.type, wanted.stateKey);
      if (present === undefined) await this.putState(where, wanted);
    }
  }

  async resolveAlias(as: Acting, aliasLocalpart: string): Promise<RoomId | undefined> {
    const alias = this.#aliasOf(aliasLocalpart);
    const answer = await unlessMissing(() =>
      this.#get(as, path`/_matrix/client/v3/directory/room/${alias}`, roomAnswer),
    );
    return answer?.room_id;
  }

  /** The next `createRoom` with this alias makes a room. */
  async deleteAlias(as: Acting, aliasLocalpart: string): Promise<void> {
    const alias = this.#aliasOf(aliasLocalpart);
    await unlessMissing(() =>
      this.#requests.ask(anything, { as, method: 'DELETE', path: path`/_matrix/client/v3/directory/room/${alias}` }),
    );
  }

  /** Whether the user is in the room; not being let in to look is an answer as well. */
  async isJoined({ as, room }: InRoom): Promise<boolean> {
    const own = await unless('M_FORBIDDEN', () => this.getState({ as, room }, 'm.room.member', as.user));
    return own?.['membership'] === 'join';
  }

  /** False when the user was invited or had joined already; nothing is sent then. */
  async invite({ as, room }: InRoom, user: UserId): Promise<boolean> {
    const membership = (await this.getState({ as, room }, 'm.room.member', user))?.['membership'];
    if (membership === 'join' || membership === 'invite') return false;
    await this.#post(as, path`/_matrix/client/v3/rooms/${room}/invite`, { user_id: user });
    return true;
  }

  /** No harm when the user has joined. */
  async join({ as, room }: InRoom): Promise<void> {
    await this.#post(as, path`/_matrix/client/v3/rooms/${room}/join`, {});
  }

  async leave({ as, room }: InRoom): Promise<void> {
    await this.#post(as, path`/_matrix/client/v3/rooms/${room}/leave`, {});
  }

  async kick({ as, room }: InRoom, user: UserId, reason: string): Promise<void> {
    await this.#post(as, path`/_matrix/client/v3/rooms/${room}/kick`, { user_id: user, reason });
  }

  /** Who has joined or is invited. */
  async members({ as, room }: InRoom): Promise<Member[]> {
    const shape = z.object({ chunk: z.array(anything) });
    const { chunk } = await this.#get(as, path`/_matrix/client/v3/rooms/${room}/members`, shape);
    return chunk.flatMap((raw) => {
      const { success, data } = memberShape.safeParse(raw);
      if (!success) return [];
      const { membership, displayname } = data.content;
      return [{ user: data.state_key, membership, ...(displayname === undefined ? {} : { displayName: displayname }) }];
    });
  }

  /** The content of a state event; undefined when there is none. */
  async getState({ as, room }: InRoom, type: string, stateKey: string): Promise<JsonObject | undefined> {
    return unlessMissing(() => this.#get(as, statePath(room, type, stateKey), jsonObject));
  }

  /** Each call makes an event; prefer `ensureState`. */
  async putState({ as, room }: InRoom, { type, stateKey, content }: StateEvent, at?: number): Promise<EventId> {
    const ask = { as, method: 'PUT', path: statePath(room, type, stateKey), query: { ts: at }, body: content } as const;
    return (await this.#requests.ask(eventAnswer, ask)).event_id;
  }

  /** Writes only what is not so already; tells whether it wrote. */
  async ensureState(where: InRoom, state: StateEvent): Promise<boolean> {
    const current = await this.getState(where, state.type, state.stateKey);
    if (isDeepStrictEqual(current, JSON.parse(JSON.stringify(state.content)))) return false;
    await this.putState(where, state);
    return true;
  }

  /** Client-server API, "Sending events to a room"; the time by application service API, "Timestamp massaging". */
  async sendEvent({ as, room, type, content, transactionId, at }: SendEvent): Promise<EventId> {
    const answer = await this.#requests.ask(eventAnswer, {
      as,
      method: 'PUT',
      path: path`/_matrix/client/v3/rooms/${room}/send/${type}/${transactionId}`,
      query: { ts: at },
      body: content,
    });
    return answer.event_id;
  }

  async redact({ as, room, event, transactionId, reason }: Redact): Promise<EventId> {
    const answer = await this.#requests.ask(eventAnswer, {
      as,
      method: 'PUT',
      path: path`/_matrix/client/v3/rooms/${room}/redact/${event}/${transactionId}`,
      body: reason === undefined ? {} : { reason },
    });
    return answer.event_id;
  }

  /** Whether the user's clients keep silent about the room. Client-server API, "Push Rules". */
  async setMuted(user: UserId, room: RoomId, isMuted: boolean): Promise<void> {
    const ask = { as: { user }, path: path`/_matrix/client/v3/pushrules/global/override/${room}` };
    const conditions = [{ kind: 'event_match', key: 'room_id', pattern: room }];
    if (isMuted) await this.#requests.ask(anything, { ...ask, method: 'PUT', body: { conditions, actions: [] } });
    else await unlessMissing(() => this.#requests.ask(anything, { ...ask, method: 'DELETE' }));
  }

  /** Everything up to and including the event was read. */
  async readReceipt({ as, room }: InRoom, event: EventId): Promise<void> {
    await this.#post(as, path`/_matrix/client/v3/rooms/${room}/receipt/m.read/${event}`, {});
  }

  /** `on` lasts for `ms` unless it is renewed. */
  async typing({ as, room }: InRoom, on: boolean, ms = 30_000): Promise<void> {
    const body = on ? { typing: true, timeout: ms } : { typing: false };
    await this.#put(as, path`/_matrix/client/v3/rooms/${room}/typing/${as.user}`, body);
  }

  /** An address for a file that is uploaded later; on Synapse for 24 hours. */
  reserveMedia(as: Acting): Promise<ContentUri> {
    return this.#media.reserve(as);
  }

  /** Uploads to a reserved address; done already is done. Consumes or destroys the stream. */
  uploadMedia(as: Acting, uri: ContentUri, file: Readable, upload: MediaUpload): Promise<void> {
    return this.#media.upload(as, uri, file, upload);
  }

  /** The stream must be consumed or destroyed. */
  downloadMedia(as: Acting, uri: ContentUri, signal?: AbortSignal): Promise<DownloadedMedia> {
    return this.#media.download(as, uri, signal);
  }

  /** The largest file that the homeserver takes, in bytes; undefined when it does not say. */
  mediaLimitBytes(): Promise<number | undefined> {
    return this.#media.limitBytes();
  }

  /** One page of history, from the newest event or from where the last page ended. */
  async messages(
    { as, room }: InRoom,
    { from, limit = 100 }: { from?: string; limit?: number } = {},
  ): Promise<HistoryPage> {
    const { chunk, end } = await this.#requests.ask(
      z.object({ chunk: z.array(anything), end: z.string().optional() }),
      {
        as,
        method: 'GET',
        path: path`/_matrix/client/v3/rooms/${room}/messages`,
        query: { dir: 'b', limit, from },
        timeoutMs: historyWithinMs,
      },
    );
    return { events: readRoomEvents(chunk), ...(end === undefined ? {} : { next: end }) };
  }

  async getEvent({ as, room }: InRoom, event: EventId): Promise<RoomEvent | UnreadableEvent | undefined> {
    const at = path`/_matrix/client/v3/rooms/${room}/event/${event}`;
    const raw = await unlessMissing(() => this.#get(as, at, jsonObject));
    return raw && readRoomEvent(raw);
  }

  /** As it was before it was deleted, where the homeserver still has that and gives it to this user (MSC2815). */
  async getUnredacted({ as, room }: InRoom, event: EventId): Promise<RoomEvent | UnreadableEvent | undefined> {
    const at = path`/_matrix/client/v3/rooms/${room}/event/${event}`;
    const query = { 'fi.mau.msc2815.include_unredacted_content': 'true' };
    const ask = { as, method: 'GET', path: at, query, timeoutMs: unredactedWithinMs } as const;
    const raw = await unlessMissing(() => this.#requests.ask(jsonObject, ask));
    return raw && readRoomEvent(raw);
  }

  /**
   * Makes the homeserver call back at once, and so end its own waiting after an outage. Resolves to how long that took,
   * in milliseconds. Application service API, "Pinging".
   */
  async ping(registrationId: string): Promise<number> {
    const at = path`/_matrix/client/v1/appservice/${registrationId}/ping`;
    const ask = { as: undefined, method: 'POST', path: at, body: {} } as const;
    return (await this.#requests.ask(z.object({ duration_ms: z.number() }), ask)).duration_ms;
  }

  /** Who the homeserver thinks this is; the device is absent when it took no notice of it. */
  async whoami(as: Actor): Promise<{ user: UserId; device?: string }> {
    const shape = z.object({ user_id: z.string().transform(asId<UserId>), device_id: z.string().optional() });
    const ask = { as, method: 'GET', path: path`/_matrix/client/v3/account/whoami` } as const;
    const { user_id: user, device_id: device } = await this.#requests.ask(shape, ask);
    return { user, ...(device === undefined ? {} : { device }) };
  }

  /** The versions of the specification that it speaks, such as `v1.11`, and its clock, in ms since the Unix epoch. */
  async about(): Promise<{ versions: string[]; clock: number | undefined }> {
    const at = path`/_matrix/client/versions`;
    const ask = { as: undefined, method: 'GET', path: at, isAnonymous: true, idleMs: 10_000 } as const;
    const answer = await this.#requests.stream(ask);
    const clock = Date.parse(String(answer.headers['date']));
    const { success, data } = versionsShape.safeParse((await readAnswer(answer)).json);
    if (success) return { versions: data.versions, clock: Number.isNaN(clock) ? undefined : clock };
    const detail = 'Its answer is not that of a Matrix homeserver.';
    throw new HomeserverError({ kind: 'again', status: 200, place: `GET ${at.text}`, detail });
  }

  /** Those that it can make. Client-server API, "Capabilities negotiation". */
  async roomVersions(as: Acting): Promise<string[]> {
    const { capabilities } = await this.#get(as, path`/_matrix/client/v3/capabilities`, capabilitiesShape);
    return Object.keys(capabilities['m.room_versions'].available);
  }

  async close(): Promise<void> {
    await this.#requests.close();
  }

  #aliasOf(localpart: string): string {
    return `#${localpart}:${this.#serverName}`;
  }

  #get<Answer>(as: Acting, at: UrlPath, shape: z.ZodType<Answer>): Promise<Answer> {
    return this.#requests.ask(shape, { as, method: 'GET', path: at });
  }

  #put(as: Acting, at: UrlPath, body: object): Promise<unknown> {
    return this.#requests.ask(anything, { as, method: 'PUT', path: at, body });
  }

  #post(as: Acting, at: UrlPath, body: object): Promise<unknown> {
    return this.#requests.ask(anything, { as, method: 'POST', path: at, body });
  }
}

const localpartOf = (user: UserId): string => user.slice(1, user.indexOf(':'));
