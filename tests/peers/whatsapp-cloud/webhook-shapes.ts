/** The values that webhooks carry, key by key as in the published examples. */
import { createHash } from 'node:crypto';
import type { ChatMessage } from './chats.ts';
import type { Citizen } from './citizens.ts';
import { type ErrorFacts, webhookError } from './graph-error.ts';
import type { StatusName } from './log-entry.ts';
import type { AccountConfig } from './options.ts';

export interface WebhookValue {
  readonly messaging_product: 'whatsapp';
  readonly metadata: object;
  readonly contacts?: readonly object[];
  readonly messages?: readonly object[];
  readonly statuses?: readonly object[];
}

export interface WebhookEvent {
  readonly account: AccountConfig;
  readonly field: string;
  readonly value: unknown;
  /** The message ids it speaks of. */
  readonly about: readonly string[];
  /** Events of one lane are delivered in order. */
  readonly lane: string;
}

/** What a citizen said, wherever it was. */
interface Said {
  readonly id: string;
  readonly account: AccountConfig;
  readonly citizen: Citizen;
  readonly type: string;
  readonly content: unknown;
  readonly groupId?: string | undefined;
}

interface Quoted {
  readonly id: string;
  readonly from: 'citizen' | 'business';
  /** Who wrote it, when it was not the business. */
  readonly citizen: Citizen | undefined;
}

export interface ContextFacts {
  readonly replyTo: Quoted | undefined;
  readonly forwarded: boolean;
  readonly frequentlyForwarded: boolean;
}

export const laneOf = (account: AccountConfig, citizen: Citizen): string => `${account.phoneNumberId}/${citizen.key}`;

export function envelope(account: AccountConfig): Pick<WebhookValue, 'messaging_product' | 'metadata'> {
  return {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: account.displayPhoneNumber, phone_number_id: account.phoneNumberId },
  };
}

export const phoneOf = (citizen: Citizen, key: string): object =>
  citizen.phone === undefined ? {} : { [key]: citizen.phone };
export const userOf = (citizen: Citizen, key: string): object =>
  citizen.userId === undefined ? {} : { [key]: citizen.userId };

export function contactOf(citizen: Citizen, withUsername: boolean): object {
  const username = withUsername && citizen.username !== undefined ? { username: citizen.username } : {};
  return { profile: { name: citizen.name, ...username }, ...phoneOf(citizen, 'wa_id'), ...userOf(citizen, 'user_id') };
}

/** What a citizen wrote, sent or reacted. */
export function messageValue(message: Said, context: ContextFacts, at: string): WebhookValue {
  const { account, citizen } = message;
  return {
    ...envelope(account),
    contacts: [contactOf(citizen, true)],
    messages: [
      {
        ...contextOf(message, context),
        ...phoneOf(citizen, 'from'),
        ...userOf(citizen, 'from_user_id'),
        ...(message.groupId === undefined ? {} : { group_id: message.groupId }),
        id: message.id,
        timestamp: at,
        type: message.type,
        ...bodyOf(message),
      },
    ],
  };
}

/** What is not supported has errors and no body of its own; in a group Meta's example has another code. */
function bodyOf({ type, content, groupId }: Said): object {
  if (type !== 'unsupported' && type !== 'unknown') return { [type]: content };
  const words = groupId === undefined ? unknownType : unsupportedInGroup;
  return { errors: [{ ...words, error_data: { details: 'Message type is currently not supported.' } }] };
}

const unknownType = { code: 131051, title: 'Message type unknown', message: 'Message type unknown' };
const unsupportedInGroup = {
  code: 130501,
  title: 'Unsupported message type',
  message: 'Message type is not currently supported',
};

function contextOf({ account }: Said, { replyTo, forwarded, frequentlyForwarded }: ContextFacts): object {
  const marks = frequentlyForwarded ? { frequently_forwarded: true } : forwarded ? { forwarded: true } : {};
  if (replyTo === undefined) return forwarded || frequentlyForwarded ? { context: marks } : {};
  const { citizen } = replyTo;
  const byBusiness = replyTo.from === 'business' || citizen === undefined;
  const author = byBusiness ? { from: account.displayPhoneNumber } : phoneOf(citizen, 'from');
  return { context: { ...author, id: replyTo.id, ...marks } };
}

/** The number changed: the message comes from the old one and names the new one. */
export function numberChangeValue(
  account: AccountConfig,
  citizen: Citizen,
  change: { readonly id: string; readonly at: string; readonly from: string | undefined; readonly to: string },
): WebhookValue {
  const system = {
    body: `User ${citizen.name} changed from ${change.from ?? 'a hidden number'} to ${change.to}`,
    wa_id: change.to,
    ...userOf(citizen, 'user_id'),
    type: 'user_changed_number',
  };
  const from = { ...(change.from === undefined ? {} : { from: change.from }), ...userOf(citizen, 'from_user_id') };
  return { ...envelope(account), messages: [{ ...from, id: change.id, timestamp: change.at, system, type: 'system' }] };
}

/** How a message of the business fared. Only delivered and read carry the contact, and only with a user id. */
export function statusValue(message: ChatMessage, status: StatusName, at: string, error?: ErrorFacts): WebhookValue {
  const { account, citizen } = message;
  const withContact = status !== 'failed' && citizen.userId !== undefined;
  const category = message.type === 'template' ? 'utility' : 'service';
  const billing = {
    conversation: { id: conversationOf(message), origin: { type: category } },
    pricing: { billable: category === 'utility', pricing_model: 'CBP', category },
  };
  return {
    ...envelope(account),
    ...(withContact ? { contacts: [contactOf(citizen, status !== 'sent')] } : {}),
    statuses: [
      {
        id: message.id,
        status,
        timestamp: at,
        ...phoneOf(citizen, 'recipient_id'),
        ...userOf(citizen, 'recipient_user_id'),
        ...(message.callbackData === undefined ? {} : { biz_opaque_callback_data: message.callbackData }),
        ...(error === undefined ? (status === 'read' ? {} : billing) : { errors: [webhookError(error)] }),
      },
    ],
  };
}

/** One conversation lasts for a day at most; 32 hex digits like Meta's. */
function conversationOf({ account, citizen, at }: ChatMessage): string {
  const day = Math.floor(at / 86_400_000);
  return createHash('md5').update(`${day}/${account.phoneNumberId}/${citizen.key}`).digest('hex');
}
