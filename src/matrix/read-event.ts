/** What a person on Matrix did, told apart by kind. Nothing here depends on what the network at the other end can do. */
import { asId, type EventId, type UserId } from '../model/ids.ts';
import { type JsonObject, member, objectMember, stringMember } from './json-object.ts';
import { isPollStart, readPoll } from './poll.ts';
import {
  type MatrixMessage,
  type MediaMessage,
  readMessage,
  type TextMessage,
  type ThingMessage,
} from './read-message.ts';
import type { RoomEvent } from './room-event.ts';

interface Reply {
  readonly replyTo?: EventId;
}

export type TextAction = TextMessage & Reply;
export type MediaAction = MediaMessage & Reply;
export type ThingAction = ThingMessage & Reply;

export interface ReactionAction {
  readonly kind: 'reaction';
  readonly target: EventId;
  readonly emoji: string;
}

export interface EditAction {
  readonly kind: 'edit';
  readonly target: EventId;
  readonly replacement: MatrixMessage;
}

export interface RedactionAction {
  readonly kind: 'redaction';
  readonly target: EventId;
  readonly reason?: string;
}

export const memberships = ['join', 'invite', 'leave', 'ban', 'knock'] as const;
export type Membership = (typeof memberships)[number];

export interface MembershipAction {
  readonly kind: 'membership';
  readonly user: UserId;
  readonly membership: Membership;
  /** What it was before, where the homeserver said so: a `join` after a `join` is a change of name or picture. */
  readonly before?: Membership;
  readonly displayName?: string;
}

/** Meant for the people in the chat, but of a kind that is not bridged. */
export interface UnsupportedAction extends Reply {
  readonly kind: 'unsupported';
  /** What it was, in plain words with an article: `a poll`. */
  readonly what: string;
}

/** Nothing that anyone in the chat would miss. */
export interface IgnoredAction {
  readonly kind: 'ignored';
  /** `redacted`: it was taken back before it reached us, and its content is gone. */
  readonly why: 'state' | 'redacted' | 'signalling' | 'malformed';
}

export type MatrixAction =
  | TextAction
  | MediaAction
  | ThingAction
  | ReactionAction
  | EditAction
  | RedactionAction
  | MembershipAction
  | UnsupportedAction
  | IgnoredAction;

const unsupportedTypes: ReadonlyMap<string, string> = new Map([
  ['m.room.encrypted', 'an encrypted message'],
  ['m.poll.end', 'the end of a poll'],
  ['org.matrix.msc3381.poll.end', 'the end of a poll'],
  ['m.poll.response', 'a vote in a poll'],
  ['org.matrix.msc3381.poll.response', 'a vote in a poll'],
  ['m.call.invite', 'a call'],
  ['m.location', 'a location'],
  ['m.beacon', 'a location'],
  ['org.matrix.msc3672.beacon', 'a location'],
]);

export function readEvent(event: RoomEvent): MatrixAction {
  const { type, content } = event;
  if (event.state_key !== undefined) return readState(event, event.state_key);
  if (event.unsigned !== undefined && objectMember(event.unsigned, 'redacted_because') !== undefined) {
    return { kind: 'ignored', why: 'redacted' };
  }
  if (type === 'm.room.redaction') return readRedaction(event);
  if (type === 'm.reaction') return readReaction(content);
  if (type === 'm.room.message' || type === 'm.sticker') return readSaid(type, content);
  if (isPollStart(type)) return readPollStart(type, content);
  const what = unsupportedTypes.get(type);
  return what === undefined ? { kind: 'ignored', why: 'signalling' } : { kind: 'unsupported', what };
}

function readSaid(type: string, content: JsonObject): MatrixAction {
  if (Object.keys(content).length === 0) return { kind: 'ignored', why: 'redacted' };
  if (content['msgtype'] === 'm.key.verification.request') return { kind: 'ignored', why: 'signalling' };
  const relation = objectMember(content, 'm.relates_to');
  if (member(relation, 'rel_type') === 'm.replace') {
    const target = eventIdOf(member(relation, 'event_id'));
    if (target === undefined) return { kind: 'ignored', why: 'malformed' };
    return { kind: 'edit', target, replacement: readMessage(type, replacementOf(content), false) };
  }
  const replyTo = replyTargetOf(relation);
  const message = readMessage(type, content, replyTo !== undefined);
  return replyTo === undefined ? message : { ...message, replyTo };
}

function readPollStart(type: string, content: JsonObject): MatrixAction {
  if (Object.keys(content).length === 0) return { kind: 'ignored', why: 'redacted' };
  const relation = objectMember(content, 'm.relates_to');
  const replyTo = replyTargetOf(relation);
  const poll = readPoll(type, content);
  const said = poll === undefined ? unreadablePoll : ({ kind: 'thing', thing: poll } as const);
  if (member(relation, 'rel_type') !== 'm.replace') return replyTo === undefined ? said : { ...said, replyTo };
  const target = eventIdOf(member(relation, 'event_id'));
  return target === undefined ? { kind: 'ignored', why: 'malformed' } : { kind: 'edit', target, replacement: said };
}

const unreadablePoll = { kind: 'unsupported', what: 'a poll without a question or answers' } as const;

/** Client-server API, "Event replacements": a sender that leaves out `m.new_content` starts the text with an asterisk. */
function replacementOf(content: JsonObject): JsonObject {
  const replacement = objectMember(content, 'm.new_content');
  if (replacement !== undefined) return replacement;
  return { ...content, format: undefined, body: stringMember(content, 'body')?.replace(/^\* /, '') };
}

/** In a thread, a message that replies to nothing else belongs to what the thread began with. */
function replyTargetOf(relation: JsonObject | undefined): EventId | undefined {
  const inThread = member(relation, 'rel_type') === 'm.thread';
  if (inThread && member(relation, 'is_falling_back') === true) return eventIdOf(member(relation, 'event_id'));
  const direct = eventIdOf(member(objectMember(relation, 'm.in_reply_to'), 'event_id'));
  return direct ?? (inThread ? eventIdOf(member(relation, 'event_id')) : undefined);
}

function readReaction(content: JsonObject): MatrixAction {
  const relation = objectMember(content, 'm.relates_to');
  const target = eventIdOf(member(relation, 'event_id'));
  const emoji = stringMember(relation, 'key') ?? '';
  if (relation === undefined) return { kind: 'ignored', why: 'redacted' };
  if (target === undefined || emoji === '') return { kind: 'ignored', why: 'malformed' };
  return { kind: 'reaction', target, emoji };
}

/** The target is in `content` from room version 11 on, beside it before. */
function readRedaction({ content, redacts }: RoomEvent): MatrixAction {
  const target = eventIdOf(content['redacts']) ?? redacts;
  const reason = stringMember(content, 'reason');
  if (target === undefined) return { kind: 'ignored', why: 'malformed' };
  return { kind: 'redaction', target, ...(reason === undefined ? {} : { reason }) };
}

function readState({ type, content, unsigned }: RoomEvent, stateKey: string): MatrixAction {
  if (type !== 'm.room.member') return { kind: 'ignored', why: 'state' };
  const membership = membershipOf(content['membership']);
  if (membership === undefined || !stateKey.startsWith('@')) return { kind: 'ignored', why: 'malformed' };
  const before = membershipOf(member(objectMember(unsigned, 'prev_content'), 'membership'));
  const displayName = stringMember(content, 'displayname');
  return {
    kind: 'membership',
    user: asId<UserId>(stateKey),
    membership,
    ...(before === undefined ? {} : { before }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

const membershipOf = (value: unknown): Membership | undefined => memberships.find((membership) => membership === value);

const eventIdOf = (value: unknown): EventId | undefined =>
  typeof value === 'string' && value.startsWith('$') && value.length <= 255 && value.isWellFormed()
    ? asId<EventId>(value)
    : undefined;
