/**
 * One change of a webhook, in neutral words. What cannot be read is handed to `unreadable` and spoils nothing else.
 * Runs inside the unit of work that stores the result, so that what is learnt about contacts is durable with it.
 */
import type { InboundContent, MediaKind } from '../../model/content.ts';
import {
  asId,
  type ChatId,
  type ContactId,
  type RemoteEventId,
  type RemoteMessageId,
  type SendKey,
} from '../../model/ids.ts';
import type { ContactSketch, RemoteEvent } from '../../model/remote-event.ts';
import type { AdapterState } from '../contract.ts';
import {
  type Change,
  messageShape,
  statusShape,
  type WhatsAppContact,
  type WhatsAppMessage,
  type WhatsAppStatus,
} from './envelope.ts';
import { meaningOf } from './error-words.ts';
import { readMarks } from './formatting.ts';
import { changedNumber, contactOf, type Names, wroteAt } from './identity.ts';
import { noticeOf, textAt } from './notices.ts';

export interface Decoding {
  readonly state: AdapterState;
  readonly now: number;
  readonly unreadable: (reason: string, item: unknown) => void;
}

/** Stands for WhatsApp itself where nobody in particular speaks. */
const whatsAppItself: ContactSketch = { id: asId<ContactId>('whatsapp'), displayName: 'WhatsApp' };
const mediaTypes = ['image', 'video', 'audio', 'document', 'sticker'] as const;

export async function decodeChange({ field, value }: Change, decoding: Decoding): Promise<RemoteEvent[]> {
  const events: RemoteEvent[] = [];
  for (const item of value.messages ?? []) {
    const parsed = messageShape.safeParse(item);
    const event = parsed.success ? await decodeMessage(parsed.data, value.contacts ?? [], decoding) : undefined;
    if (event === undefined) decoding.unreadable('a message without the parts that every message has', item);
    else events.push(event);
  }
  for (const item of value.statuses ?? []) {
    const parsed = statusShape.safeParse(item);
    const event = parsed.success ? await decodeStatus(parsed.data, decoding) : undefined;
    if (event !== undefined) events.push(event);
    else if (!parsed.success) decoding.unreadable('a status without the parts that every status has', item);
  }
  const isOther = value.messages === undefined && value.statuses === undefined;
  return isOther ? [...events, ...decodeOther(field, value, decoding)] : events;
}

async function decodeMessage(
  message: WhatsAppMessage,
  contacts: readonly WhatsAppContact[],
  { state, now }: Decoding,
): Promise<RemoteEvent | undefined> {
  const described =
    contacts.find(({ wa_id, user_id }) => isSame(message, wa_id, user_id)) ??
    (contacts.length === 1 ? contacts[0] : undefined);
  const names: Names = { userId: message.from_user_id ?? described?.user_id, phone: message.from ?? described?.wa_id };
  const contact = await contactOf(state, names);
  if (contact === undefined) return undefined;
  const at = timeOf(message.timestamp, now);
  if (message.type === 'system') await followNumber(state, contact, message);
  else await wroteAt(state, contact, at);
  const displayName = described?.profile?.name ?? described?.profile?.username ?? nameFromPhone(names.phone);
  const occurrence = {
    // Meta's own examples use one id for messages of several types.
    id: asId<RemoteEventId>(`${message.type} ${message.id}`),
    chat: asId<ChatId>(message.group_id ?? contact),
    at,
    from: { id: contact, ...(displayName === undefined ? {} : { displayName }) },
  };
  if (message.type === 'reaction' && message.reaction !== undefined) {
    const { message_id, emoji } = message.reaction;
    const target = asId<RemoteMessageId>(message_id);
    if (emoji === undefined || emoji === '') return { ...occurrence, kind: 'reaction-removed', target };
    return { ...occurrence, kind: 'reaction', target, emoji };
  }
  const { context } = message;
  return {
    ...occurrence,
    kind: 'message',
    message: asId<RemoteMessageId>(message.id),
    content: contentOf(message),
    ...(context?.id === undefined || context.referred_product !== undefined
      ? {}
      : { replyTo: asId<RemoteMessageId>(context.id) }),
    ...(context?.forwarded === true || context?.frequently_forwarded === true ? { forwarded: true } : {}),
  };
}

function contentOf(message: WhatsAppMessage): InboundContent {
  if (message.type === 'text' && message.text !== undefined)
    return { type: 'text', text: readMarks(withProduct(message, message.text.body)) };
  const type = mediaTypes.find((known) => known === message.type);
  const media = type && message[type];
  if (type === undefined || media === undefined) return noticeOf(message);
  const { id, mime_type, sha256, caption, filename } = media;
  const kind: MediaKind = type === 'audio' && media.voice === true ? 'voice' : type;
  const hash = hexOf(sha256);
  return {
    type: 'media',
    kind,
    file: { reference: id, ...(hash === undefined ? {} : { sha256: hash }) },
    mimeType: mime_type?.split(';')[0]?.trim() ?? 'application/octet-stream',
    ...(filename === undefined ? {} : { fileName: filename }),
    ...(caption === undefined || caption === '' ? {} : { caption: readMarks(caption) }),
  };
}

const withProduct = ({ context }: WhatsAppMessage, body: string): string =>
  context?.referred_product === undefined
    ? body
    : `${body}\n(about the product ${context.referred_product.product_retailer_id ?? 'that was shown'})`;

async function decodeStatus(status: WhatsAppStatus, { state, now }: Decoding): Promise<RemoteEvent | undefined> {
  const contact = await contactOf(state, { userId: status.recipient_user_id, phone: status.recipient_id });
  if (contact === undefined) return undefined;
  const occurrence = {
    id: asId<RemoteEventId>(`status ${status.status} ${status.id}`),
    chat: asId<ChatId>(contact),
    at: timeOf(status.timestamp, now),
    message: asId<RemoteMessageId>(status.id),
    ...(status.biz_opaque_callback_data === undefined
      ? {}
      : { sendKey: asId<SendKey>(status.biz_opaque_callback_data) }),
  };
  switch (status.status) {
    case 'read':
    case 'played':
      return { ...occurrence, kind: 'read-receipt' };
    case 'sent':
    case 'delivered':
      return { ...occurrence, kind: 'delivery-receipt', state: status.status };
    case 'failed': {
      const [error] = status.errors ?? [];
      const reason = meaningOf(error?.code, error?.error_data?.details ?? error?.message ?? error?.title).words;
      return { ...occurrence, kind: 'delivery-receipt', state: 'failed', reason };
    }
    default:
      return undefined;
  }
}

/** Webhooks about groups and whatever else WhatsApp may bring: shown as a notice where there is a chat for it. */
function decodeOther(field: string, value: Change['value'], { now, unreadable }: Decoding): RemoteEvent[] {
  const groups: unknown = value['groups'];
  if (!Array.isArray(groups)) {
    if (value.errors === undefined) unreadable(`a webhook of the field ${field}, which is not known here`, value);
    return [];
  }
  return groups.flatMap((group: unknown): RemoteEvent[] => {
    const { group_id: chat, type, timestamp, request_id: request } = group as Readonly<Record<string, unknown>>;
    if (typeof chat !== 'string' || chat === '' || chat.length > 512) {
      unreadable(`a webhook of the field ${field} without a group`, group);
      return [];
    }
    const kind = typeof type === 'string' ? type.slice(0, 100) : field;
    const id = `${field} ${chat} ${kind} ${String(timestamp)} ${String(request)}`.slice(0, 600);
    return [
      {
        kind: 'message',
        id: asId<RemoteEventId>(id),
        chat: asId<ChatId>(chat),
        at: timeOf(typeof timestamp === 'string' ? timestamp : undefined, now),
        from: whatsAppItself,
        message: asId<RemoteMessageId>(id),
        content: { type: 'notice', kind: field, text: groupWords(field, kind, group) },
      },
    ];
  });
}

function groupWords(field: string, kind: string, group: unknown): string {
  const {
    subject,
    added_participants: added,
    removed_participants: removed,
  } = group as Readonly<Record<string, unknown>>;
  const people = (list: unknown): string =>
    (Array.isArray(list) ? list : [])
      .slice(0, 20)
      .map((person: unknown) => textAt(person, 'wa_id') || 'somebody')
      .join(', ');
  return [
    `WhatsApp reports a change of the group (${kind}, ${field}).`,
    ...(typeof subject === 'string' ? [`Its name: ${subject.slice(0, 200)}.`] : []),
    ...(Array.isArray(added) ? [`Added: ${people(added)}.`] : []),
    ...(Array.isArray(removed) ? [`Removed: ${people(removed)}.`] : []),
  ].join(' ');
}

const isSame = ({ from, from_user_id }: WhatsAppMessage, phone?: string, userId?: string): boolean =>
  (phone !== undefined && phone === from) || (userId !== undefined && userId === from_user_id);

/** `system.wa_id` is the new number (Meta: "System messages webhook reference"). */
async function followNumber(state: AdapterState, contact: ContactId, { system }: WhatsAppMessage): Promise<void> {
  const phone = system?.wa_id ?? system?.new_wa_id;
  if (phone !== undefined) await changedNumber(state, contact, phone);
}

const earliest = Date.UTC(2009, 0, 1);
const dayMs = 24 * 3_600_000;

/** Seconds in a text; what cannot be a time of WhatsApp becomes now. */
function timeOf(timestamp: string | undefined, now: number): number {
  const at = Number(timestamp) * 1_000;
  return Number.isFinite(at) && at >= earliest && at <= now + dayMs ? at : now;
}

const nameFromPhone = (phone: string | undefined): string | undefined =>
  phone === undefined ? undefined : `+${phone}`;

/** Webhooks carry base64; the Graph API hex. */
function hexOf(sha256: string | undefined): string | undefined {
  if (sha256 === undefined) return undefined;
  if (/^[0-9a-f]{64}$/i.test(sha256)) return sha256.toLowerCase();
  const bytes = Buffer.from(sha256, 'base64');
  return bytes.length === 32 ? bytes.toString('hex') : undefined;
}
