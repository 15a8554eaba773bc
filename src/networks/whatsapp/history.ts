/**
 * What was said in the WhatsApp Business app before the number came to the Cloud API (Meta: "history webhook
 * reference"): chunks of chats in any order, up to 180 days, without files; some files follow on their own.
 */
import { createHash } from 'node:crypto';
import { asId, type ChatId, type RemoteMessageId } from '../../model/ids.ts';
import type { HistoryBatchEvent, MessageEvent } from '../../model/remote-event.ts';
import type { AdapterState } from '../contract.ts';
import { type Change, isKept, messageShape, type WhatsAppMessage } from './envelope.ts';
import { eventIdOf } from './event-ids.ts';
import { nameFromPhone, senderOf } from './identity.ts';
import { contentOf } from './message-content.ts';
import { listOf, member, textAt } from './notices.ts';
import { ownMessage } from './own-messages.ts';
import { timeOf } from './timestamps.ts';

export interface HistoryDecoding {
  readonly state: AdapterState;
  readonly now: number;
  /** How long after the last chunk of a chat it is shown although WhatsApp did not say that it was the last. */
  readonly historyWaitMs: number;
  readonly unreadable: (reason: string, item: unknown) => void;
}

/** Once WhatsApp has said that it is done: chunks overtake each other by seconds. */
const doneWaitMs = 5_000;
const completeKey = 'history/complete';

export async function decodeHistory({ value }: Change, decoding: HistoryDecoding): Promise<HistoryBatchEvent[]> {
  const { state, historyWaitMs, now } = decoding;
  const chunks = listOf(value.history);
  if (chunks.some((chunk) => Number(textAt(member(chunk, 'metadata'), 'progress')) >= 100))
    await state.put(completeKey, now);
  const settlesAfterMs =
    (await state.get(completeKey)) === undefined ? historyWaitMs : Math.min(doneWaitMs, historyWaitMs);
  const ownNumber = (value.metadata.display_phone_number ?? '').replaceAll(/\D/g, '');
  const threads = [
    ...chunks.flatMap((chunk) => listOf(member(chunk, 'threads'))),
    // Files that follow on their own come as messages.
    ...listOf(value.messages).map((message) => ({ id: citizenIn(message, ownNumber), messages: [message] })),
  ];
  const batches: HistoryBatchEvent[] = [];
  for (const thread of threads) {
    const batch = await decodeThread(thread, ownNumber, settlesAfterMs, decoding);
    if (batch !== undefined) batches.push(batch);
  }
  return batches;
}

async function decodeThread(
  thread: unknown,
  ownNumber: string,
  settlesAfterMs: number,
  { state, now, unreadable }: HistoryDecoding,
): Promise<HistoryBatchEvent | undefined> {
  const phone = textAt(thread, 'id').replace(/^\+(?=\d)/, '');
  const person = isKept(phone) ? await senderOf(state, { phone, at: 0, wrote: false }) : undefined;
  if (person === undefined) {
    unreadable('a chat of the history without a number', thread);
    return undefined;
  }
  const displayName = person.name ?? nameFromPhone(phone);
  const from = { id: person.contact, ...(displayName === undefined ? {} : { displayName }) };
  const messages: MessageEvent[] = [];
  for (const item of listOf(member(thread, 'messages'))) {
    const { data } = messageShape.safeParse(item);
    const at = data && timeOf(data.timestamp, now);
    const event = data && at !== undefined && (await decodeOne(data, { at, from, phone, ownNumber, state, item }));
    if (event === undefined || event === false)
      unreadable('a message of the history without the parts that every message has', item);
    else messages.push(event);
  }
  if (messages.length === 0) return undefined;
  const digest = createHash('sha256')
    .update(JSON.stringify(messages.map(({ id }) => id)))
    .digest('base64url');
  const chat = asId<ChatId>(person.contact);
  return {
    kind: 'history-batch',
    id: eventIdOf('history', chat, digest),
    chat,
    at: now,
    from,
    messages,
    settlesAfterMs,
  };
}

interface InThread {
  readonly at: number;
  readonly from: MessageEvent['from'];
  readonly phone: string;
  readonly ownNumber: string;
  readonly state: AdapterState;
  readonly item: unknown;
}

async function decodeOne(
  message: WhatsAppMessage,
  { at, from, phone, ownNumber, state, item }: InThread,
): Promise<MessageEvent | undefined> {
  const isOwn = message.from === ownNumber || member(member(item, 'history_context'), 'from_me') === true;
  const told = asWords(message);
  if (isOwn) {
    const event = await ownMessage({ message: told, to: { phone }, at, state });
    return event?.kind === 'message' ? event : undefined;
  }
  const { id, context } = message;
  return {
    kind: 'message',
    chat: asId<ChatId>(from.id),
    at,
    from,
    id: eventIdOf('history', message.type, id),
    message: asId<RemoteMessageId>(id),
    content: contentOf(told),
    ...(context?.id === undefined ? {} : { replyTo: asId<RemoteMessageId>(context.id) }),
  };
}

/** A reaction of long ago is said in words: what stands at the message now is not known. */
function asWords(message: WhatsAppMessage): WhatsAppMessage {
  const { type, reaction } = message;
  if (type !== 'reaction' || reaction === undefined) return message;
  const emoji = reaction.emoji ?? '';
  const body = emoji === '' ? 'took a reaction back' : `reacted with ${emoji}`;
  return { ...message, type: 'text', text: { body }, context: { id: reaction.message_id } } as WhatsAppMessage;
}

const citizenIn = (message: unknown, ownNumber: string): string =>
  [textAt(message, 'to'), textAt(message, 'from')].find((number) => number !== '' && number !== ownNumber) ?? '';
