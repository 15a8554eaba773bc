/**
 * One change of a webhook, in neutral words. What cannot be read is handed to `unreadable` and spoils nothing else.
 * Runs inside the unit of work that stores the result, so that what is learnt about contacts is durable with it.
 */
import { asId, type ChatId, type RemoteMessageId, type SendKey } from '../../model/ids.ts';
import type { ContactSketch, RemoteEvent } from '../../model/remote-event.ts';
import type { AdapterState } from '../contract.ts';
import { DescribedContacts } from './described-contacts.ts';
import {
  type Change,
  messageShape,
  statusShape,
  type WhatsAppContact,
  type WhatsAppMessage,
  type WhatsAppStatus,
} from './envelope.ts';
import { meaningOf } from './error-words.ts';
import { eventIdOf } from './event-ids.ts';
import { decodeHistory, type HistoryDecoding } from './history.ts';
import { groupChange, unnamed } from './group-changes.ts';
import { groupSeen } from './group-state.ts';
import { nameFromPhone, namesChanged, recipientOf, senderOf } from './identity.ts';
import { contentOf } from './message-content.ts';
import { originalOf, ownMessage } from './own-messages.ts';
import { timeOf } from './timestamps.ts';

export type Decoding = HistoryDecoding;

/** Only trouble with the state makes it throw. */
export async function decodeChange(change: Change, decoding: Decoding): Promise<RemoteEvent[]> {
  const { field, value } = change;
  if (field === 'history') return decodeHistory(change, decoding);
  const { now, unreadable } = decoding;
  const listOf = (key: 'messages' | 'message_echoes' | 'statuses' | 'groups'): readonly unknown[] => {
    const list = value[key] ?? [];
    if (Array.isArray(list)) return list;
    unreadable(`${key} that are no list`, value);
    return [];
  };
  const events: RemoteEvent[] = [];
  const take = (event: RemoteEvent | undefined, reason: string, item: unknown): void => {
    if (event === undefined) unreadable(reason, item);
    else events.push(event);
  };
  const messages = listOf('messages');
  const contacts = new DescribedContacts(value.contacts);
  for (const item of messages) {
    const { data } = messageShape.safeParse(item);
    const described = data && contacts.authorOf(data, messages.length === 1);
    const event = data && (await decodeMessage(data, described, decoding));
    take(event, 'a message without the parts that every message has', item);
  }
  for (const item of listOf('message_echoes')) {
    const { data } = messageShape.safeParse(item);
    const event = data && (await decodeEcho(data, decoding));
    take(event, 'a message of the Business app without the parts that every message has', item);
  }
  for (const item of listOf('statuses')) {
    const { data } = statusShape.safeParse(item);
    const state = data && states.get(data.status);
    if (data === undefined) unreadable('a status without the parts that every status has', item);
    else if (state === undefined) unreadable('a status that is not known here', item);
    else events.push(...(await decodeStatus(data, state, contacts.only, decoding)));
  }
  for (const item of listOf('groups')) {
    const changes = await groupChange(field, item, decoding.state, now);
    if (changes === undefined) unreadable(`a webhook of the field ${field} without a group`, item);
    else events.push(...changes);
  }
  const known = value.messages ?? value.message_echoes ?? value.statuses ?? value.groups ?? value.errors;
  if (known === undefined) unreadable(`a webhook of the field ${field}, which is not known here`, value);
  return events;
}

async function decodeEcho(message: WhatsAppMessage, { state, now }: Decoding): Promise<RemoteEvent | undefined> {
  const to = { phone: message.to, userId: message.to_user_id };
  return ownMessage({ message, to, at: timeOf(message.timestamp, now), state });
}

async function decodeMessage(
  message: WhatsAppMessage,
  described: WhatsAppContact | undefined,
  { state, now }: Decoding,
): Promise<RemoteEvent | undefined> {
  const { type, id, reaction, system, group_id: group } = message;
  const at = timeOf(message.timestamp, now);
  const seenAt = Math.min(at, now);
  const userId = message.from_user_id ?? described?.user_id ?? system?.previous_user_id;
  const sender = await senderOf(state, {
    userId: userId ?? (message.from === undefined ? system?.user_id : undefined),
    phone: message.from ?? described?.wa_id,
    at: seenAt,
    name: described?.profile?.name || described?.profile?.username || undefined,
    wrote: type !== 'system' && group === undefined,
  });
  if (sender === undefined) return undefined;
  const { contact, name } = sender;
  if (type === 'system' && system !== undefined)
    await namesChanged(state, contact, { phone: system.wa_id ?? system.new_wa_id, userId: system.user_id }, seenAt);
  const displayName = name ?? nameFromPhone(message.from ?? described?.wa_id);
  const inGroup =
    group === undefined ? undefined : await groupSeen(state, group, type === 'system' ? undefined : seenAt);
  const occurrence = {
    chat: asId<ChatId>(group ?? contact),
    ...(inGroup === undefined ? {} : { chatName: inGroup.name?.text ?? unnamed }),
    at,
    from: { id: contact, ...(displayName === undefined ? {} : { displayName }) },
  };
  if (type === 'reaction' && reaction !== undefined) {
    const target = asId<RemoteMessageId>(reaction.message_id);
    const emoji = reaction.emoji ?? '';
    const of = { ...occurrence, id: eventIdOf('message', type, id, emoji), target };
    return emoji === '' ? { ...of, kind: 'reaction-removed' } : { ...of, kind: 'reaction', emoji };
  }
  return {
    ...occurrence,
    kind: 'message',
    // Meta's own examples use one id for messages of several types.
    id: eventIdOf('message', type, id),
    message: asId<RemoteMessageId>(id),
    content: contentOf(message),
    ...replyTarget(message),
    ...forwardedMark(message.context),
  };
}

/** The product that somebody asks about is no message. */
function replyTarget(message: WhatsAppMessage): { replyTo?: RemoteMessageId } {
  const { context } = message;
  const target = context?.referred_product === undefined ? (context?.id ?? originalOf(message)) : undefined;
  return target === undefined ? {} : { replyTo: asId<RemoteMessageId>(target) };
}

function forwardedMark(context: WhatsAppMessage['context']): { forwarded?: 'once' | 'often' } {
  if (context?.frequently_forwarded === true) return { forwarded: 'often' };
  return context?.forwarded === true ? { forwarded: 'once' } : {};
}

type State = 'sent' | 'delivered' | 'read' | 'failed';
const states: ReadonlyMap<string, State> = new Map([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['played', 'read'],
  ['failed', 'failed'],
]);

/** Nothing when it is about somebody who never wrote and about nothing that we sent: something else uses the number too. */
async function decodeStatus(
  status: WhatsAppStatus,
  state: State,
  described: WhatsAppContact | undefined,
  { state: known, now }: Decoding,
): Promise<RemoteEvent[]> {
  const userId = status.recipient_user_id ?? described?.user_id;
  const chat =
    status.recipient_type === 'group'
      ? status.recipient_id
      : await recipientOf(known, { userId, phone: status.recipient_id ?? described?.wa_id });
  const { id, biz_opaque_callback_data: sendKey } = status;
  if (chat === undefined && sendKey === undefined) return [];
  const occurrence = {
    id: eventIdOf('status', status.status, id),
    chat: asId<ChatId>(chat ?? status.recipient_id ?? userId ?? 'unknown'),
    at: timeOf(status.timestamp, now),
    message: asId<RemoteMessageId>(id),
    ...(status.recipient_type === 'group' ? { by: await participantOf(status, known) } : {}),
    ...(sendKey === undefined ? {} : { sendKey: asId<SendKey>(sendKey) }),
  };
  if (state === 'read') return [{ ...occurrence, kind: 'read-receipt' }];
  const reason = state === 'failed' ? { reason: reasonOf(status) } : {};
  return [{ ...occurrence, kind: 'delivery-receipt', state, ...reason }];
}

/** Meta: "Group messaging": of a group it may be told who has the message. */
async function participantOf(status: WhatsAppStatus, state: AdapterState): Promise<ContactSketch | 'somebody'> {
  const phone = status.recipient_participant_id ?? status.participant_recipient_id;
  const contact = await recipientOf(state, { phone, userId: status.recipient_participant_user_id });
  return contact === undefined ? 'somebody' : { id: contact };
}

function reasonOf({ errors: [error] = [] }: WhatsAppStatus): string {
  return meaningOf(error?.code, error?.error_data?.details ?? error?.message ?? error?.title).words;
}
