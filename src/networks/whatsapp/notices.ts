/** Messages that are not shown as what they are: an explicit notice that names the kind and keeps the useful part. */
import type { NoticeContent } from '../../model/content.ts';
import type { WhatsAppMessage } from './envelope.ts';

const maxWords = 2_000;
const maxListed = 20;

export function noticeOf(message: WhatsAppMessage): NoticeContent {
  return { type: 'notice', kind: message.type, text: wordsOf(message).slice(0, maxWords) };
}

function wordsOf(message: WhatsAppMessage): string {
  const { type } = message;
  const body: unknown = message[type];
  switch (type) {
    case 'location':
      return `Location: ${joined([textAt(body, 'name'), textAt(body, 'address')])} (${joined([textAt(body, 'latitude'), textAt(body, 'longitude')])})`;
    case 'contacts':
      return listOf(body).map(contactWords).join('\n') || 'Shared a contact without details.';
    case 'interactive':
      return interactiveWords(body);
    case 'button':
      return `Pressed the button “${textAt(body, 'text')}”.`;
    case 'order':
      return `Sent an order of ${listOf(member(body, 'product_items')).length} items: ${orderWords(body)}`;
    case 'system':
      return message.system?.body ?? 'WhatsApp reports a change of this contact.';
    case 'request_welcome':
      return 'Opened the chat for the first time and has not written yet.';
    case 'unsupported':
    case 'unknown':
      return `Sent something that WhatsApp does not pass on to businesses. ${reasons(message)}`.trim();
    default:
      return `Sent something of a kind that is not shown here (${type}). Ask the sender to write it as text. ${reasons(message)}`.trim();
  }
}

function interactiveWords(body: unknown): string {
  const reply = member(body, 'list_reply') ?? member(body, 'button_reply');
  if (reply !== undefined) return `Chose “${textAt(reply, 'title')}”${suffix(textAt(reply, 'description'))}.`;
  const form = member(body, 'nfm_reply');
  if (form !== undefined) return `Filled in a form${suffix(textAt(form, 'body'))}: ${textAt(form, 'response_json')}`;
  return `Answered something interactive (${textAt(body, 'type') || 'of an unknown kind'}).`;
}

function contactWords(contact: unknown): string {
  const name = textAt(member(contact, 'name'), 'formatted_name') || 'without a name';
  const phones = listOf(member(contact, 'phones')).map((phone) => textAt(phone, 'phone') || textAt(phone, 'wa_id'));
  const emails = listOf(member(contact, 'emails')).map((email) => textAt(email, 'email'));
  return `Contact: ${joined([name, textAt(member(contact, 'org'), 'company'), ...phones, ...emails])}`;
}

function orderWords(body: unknown): string {
  return listOf(member(body, 'product_items'))
    .map(
      (item) =>
        `${textAt(item, 'quantity')} x ${textAt(item, 'product_retailer_id')} at ${textAt(item, 'item_price')} ${textAt(item, 'currency')}`,
    )
    .join(', ');
}

const reasons = ({ errors = [] }: WhatsAppMessage): string =>
  errors.map(({ title, error_data }) => [title, error_data?.details].filter(Boolean).join(': ')).join(' ');

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (Object.getOwnPropertyDescriptor(value, key)?.value as unknown)
    : undefined;
}

/** A text or number at this key, as text; empty where there is none. */
export function textAt(value: unknown, key: string): string {
  const found = member(value, key);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, maxListed) : []);
const joined = (words: readonly string[]): string => words.filter((word) => word !== '').join(', ');
const suffix = (text: string): string => (text === '' ? '' : ` (${text})`);
