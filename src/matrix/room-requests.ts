/** What is asked of the homeserver about rooms, and what it tells of them. */
import type { EventId, RoomId, UserId } from '../model/ids.ts';
import type { Acting } from './acting.ts';
import type { JsonObject } from './json-object.ts';
import type { RoomEvent, UnreadableEvent } from './room-event.ts';
import { joined, path, type UrlPath } from './url-path.ts';

export interface StateEvent {
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

/** Client-server API, "Creation". The room is private, and whoever creates it is its only creator. */
export interface CreateRoom {
  /** What makes the call repeatable; within the registration's exclusive namespace. */
  readonly aliasLocalpart: string;
  readonly name: string;
  readonly topic?: string;
  readonly invite: readonly UserId[];
  readonly initialState: readonly StateEvent[];
  /** Replaces the members of the default power levels that it names. */
  readonly powerLevels: JsonObject;
  readonly roomVersion: string;
}

export interface CreatedRoom {
  readonly room: RoomId;
  /** An earlier call had made it: what came after that call may be missing, such as invitations. */
  readonly existed: boolean;
}

export interface Member {
  readonly user: UserId;
  readonly membership: 'join' | 'invite';
  readonly displayName?: string;
}

/** Where something happens, and who does it. */
export interface InRoom {
  readonly as: Acting;
  readonly room: RoomId;
}

export interface SendEvent extends InRoom {
  readonly type: string;
  readonly content: JsonObject;
  /** The same id by the same user and device is the same event. */
  readonly transactionId: string;
  /** The time that the event shows, in milliseconds since the Unix epoch; now unless told. */
  readonly at?: number;
}

export interface Redact extends InRoom {
  readonly event: EventId;
  readonly transactionId: string;
  readonly reason?: string;
}

/** Events from the newest backwards. */
export interface HistoryPage {
  readonly events: readonly (RoomEvent | UnreadableEvent)[];
  /** Where the next older page begins; absent when there is none. */
  readonly next?: string;
}

/** The state that `createRoom` leads to, to be written one by one where a homeserver died in the middle of that call. */
export function stateOfRoom({ name, topic, powerLevels, initialState }: CreateRoom, alias: string): StateEvent[] {
  return [
    state('m.room.power_levels', powerLevels),
    state('m.room.canonical_alias', { alias }),
    ...initialState,
    state('m.room.name', { name }),
    ...(topic === undefined ? [] : [state('m.room.topic', { topic })]),
  ];
}

const state = (type: string, content: JsonObject): StateEvent => ({ type, stateKey: '', content });

/** `private_chat`, and never `trusted_private_chat`, which would make the invited creators. */
export function createRoomBody(room: CreateRoom): object {
  return {
    preset: 'private_chat',
    visibility: 'private',
    room_alias_name: room.aliasLocalpart,
    room_version: room.roomVersion,
    name: room.name,
    topic: room.topic,
    invite: room.invite,
    power_level_content_override: room.powerLevels,
    initial_state: room.initialState.map(({ type, stateKey, content }) => ({ type, state_key: stateKey, content })),
  };
}

/** Where a state event of a room is read and written. */
export function statePath(room: RoomId, type: string, stateKey: string): UrlPath {
  const ofType = path`/_matrix/client/v3/rooms/${room}/state/${type}`;
  return stateKey === '' ? ofType : joined(ofType, path`/${stateKey}`);
}
