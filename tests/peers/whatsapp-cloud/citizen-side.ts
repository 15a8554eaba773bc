/** What citizens do on their phones: write, send media, react, read, change the number. Each becomes a webhook. */
import type { ChatMessage } from './chats.ts';
import type { Citizen } from './citizens.ts';
import { messageIdentifier } from './identifiers.ts';
import { mediaFact, type StoredMedia } from './media-files.ts';
import type { AccountConfig } from './options.ts';
import type { Simulation } from './simulation.ts';
import { laneOf, messageValue, numberChangeValue, type WebhookValue } from './webhook-shapes.ts';

export interface Writing {
  readonly type: string;
  /** The object below the type's name. */
  readonly content: unknown;
  readonly media?: StoredMedia | undefined;
  readonly replyTo?: string | undefined;
  readonly forwarded?: boolean | undefined;
  readonly frequentlyForwarded?: boolean | undefined;
}

/** Thrown when the control API names what is not there. */
export class NoSuchThing extends Error {}

/** Thrown when the phone would not let the citizen do it. */
export class NotAllowed extends Error {}

export function write(world: Simulation, account: AccountConfig, citizen: Citizen, writing: Writing): ChatMessage {
  const replyTo = writing.replyTo === undefined ? undefined : messageIn(world, writing.replyTo);
  const message = newMessage(world, account, citizen, writing);
  world.chats.add(message);
  const { type, content, media } = message;
  world.log.add({
    kind: 'citizen-message',
    account: account.phoneNumberId,
    citizen: citizen.key,
    messageId: message.id,
    type,
    content,
    media,
    replyTo: message.replyTo,
    ...(writing.forwarded === true || writing.frequentlyForwarded === true ? { forwarded: true } : {}),
  });
  const marks = { forwarded: writing.forwarded === true, frequentlyForwarded: writing.frequentlyForwarded === true };
  announce(world, message, messageValue(message, { replyTo, ...marks }, world.clock.seconds()));
  return message;
}

/** Null takes the reaction back. */
export function react(
  world: Simulation,
  account: AccountConfig,
  citizen: Citizen,
  targetId: string,
  emoji: string | null,
): ChatMessage {
  const target = messageIn(world, targetId);
  const content = { message_id: targetId, ...(emoji === null ? {} : { emoji }) };
  const message = newMessage(world, account, citizen, { type: 'reaction', content });
  world.chats.add(message);
  world.chats.react(target, 'citizen', emoji);
  const where = { account: account.phoneNumberId, citizen: citizen.key, messageId: message.id };
  world.log.add({ kind: 'citizen-reaction', ...where, target: targetId, emoji });
  const context = { replyTo: undefined, forwarded: false, frequentlyForwarded: false };
  announce(world, message, messageValue(message, context, world.clock.seconds()));
  return message;
}

/** Reads up to one message, or all; returns the ids that became read. */
export function read(
  world: Simulation,
  account: AccountConfig,
  citizen: Citizen,
  upTo: string | undefined,
): readonly string[] {
  const unread = world.chats.unread(account, citizen, upTo);
  const messageIds = unread.map((message) => message.id);
  world.log.add({ kind: 'citizen-read', account: account.phoneNumberId, citizen: citizen.key, messageIds });
  for (const message of unread) world.statuses.advance(message, 'read');
  return messageIds;
}

export function changeNumber(world: Simulation, account: AccountConfig, citizen: Citizen, phone: string): string {
  const from = citizen.phone;
  const id = messageIdentifier(from ?? citizen.key, 'from-citizen');
  const value = numberChangeValue(account, citizen, { id, at: world.clock.seconds(), from, to: phone });
  world.citizens.changeNumber(citizen, phone);
  const where = { account: account.phoneNumberId, citizen: citizen.key };
  world.log.add({ kind: 'citizen-message', ...where, messageId: id, type: 'system', content: { from, to: phone } });
  world.webhooks.announce({ account, field: 'messages', value, about: [id], lane: laneOf(account, citizen) });
  return id;
}

function newMessage(world: Simulation, account: AccountConfig, citizen: Citizen, writing: Writing): ChatMessage {
  return {
    id: messageIdentifier(citizen.phone ?? citizen.key, 'from-citizen'),
    account,
    citizen,
    from: 'citizen',
    type: writing.type,
    content: writing.content,
    at: world.clock.now(),
    replyTo: writing.replyTo,
    media: writing.media === undefined ? undefined : mediaFact(writing.media),
    callbackData: undefined,
    visible: true,
    status: 'accepted',
    readByBusiness: false,
    reactions: {},
  };
}

function announce(world: Simulation, message: ChatMessage, value: WebhookValue): void {
  const { account, citizen } = message;
  world.webhooks.announce({ account, field: 'messages', value, about: [message.id], lane: laneOf(account, citizen) });
}

function messageIn(world: Simulation, id: string): ChatMessage {
  const message = world.chats.get(id);
  if (message === undefined) throw new NoSuchThing(`There is no message ${id}`);
  return message;
}
