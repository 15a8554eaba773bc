/** Messages that are not shown as what they are: an explicit notice that names the kind and keeps the useful part. */
import type { NoticeContent } from '../../model/content.ts';
import type { WhatsAppMessage } from './envelope.ts';

/** UTF-16 code units; what fits into one event of Matrix in any case. */
const maxWords = 4_500;
const cutMark = ' … (cut here)';

export function noticeOf(message: WhatsAppMessage): NoticeContent {
  return { type: 'notice', kind: message.type, text: fitting(wordsOf(message)) };
}

/** What every homeserver takes as one event; where it was cut, it says so. */
export function fitting(text: string): string {
  const words = text.toWellFormed().replaceAll('\0', '\ufffd');
  return words.length <= maxWords ? words : words.slice(0, maxWords).toWellFormed() + cutMark;
}

function wordsOf(message: WhatsAppMessage): string {
  const { type } = message;
  const body: unknown = message[type];
  if (type === 'text' && message.text !== undefined) return 'Sent an empty message.';
  switch (type) {
    case 'location':
      return locationWords(body);
    case 'contacts':
      return 'Shared a contact without a name.';
    case 'interactive':
      return interactiveWords(body);
    case 'button':
      return 'Pressed a button that has no words.';
    case 'order':
      return orderWords(body);
    case 'system':
      return message.system?.body || 'WhatsApp reports a change of this contact.';
    case 'media_placeholder':
      return 'Sent a file that WhatsApp has not handed over.';
    case 'edit':
      return editWords(body);
    case 'revoke':
      return 'Deleted this message on WhatsApp.';
    case 'request_welcome':
      return 'Opened the chat for the first time and has not written yet.';
    case 'unsupported':
    case 'unknown':
      return sentence(
        `Sent something that WhatsApp does not pass on to businesses${suffix(textAt(body, 'type'))}.`,
        message,
      );
    default:
      return sentence(
        `Sent something that cannot be shown here (${type}). Ask the sender to say it in another way.`,
        message,
      );
  }
}

/** With whatever words came along. */
function sentence(start: string, message: WhatsAppMessage): string {
  const caption = textAt(message[message.type], 'caption');
  const errors = (message.errors ?? []).map(({ title, error_data: data }) =>
    [title, data?.details].filter(Boolean).join(': '),
  );
  return [start, ...(caption === '' ? [] : [`It says: “${caption}”.`]), ...errors].filter(Boolean).join(' ');
}

function locationWords(body: unknown): string {
  const place = joined([textAt(body, 'name'), textAt(body, 'address')]);
  const coordinates = joined([textAt(body, 'latitude'), textAt(body, 'longitude')]);
  return `Location: ${place === '' ? coordinates : place + suffix(coordinates)}`;
}

function editWords(body: unknown): string {
  const changed = member(body, 'message');
  const words = textAt(member(changed, 'text'), 'body') || textAt(member(changed, textAt(changed, 'type')), 'caption');
  return words === '' ? 'Changed this message on WhatsApp.' : `Changed this message to: “${words}”`;
}

function interactiveWords(body: unknown): string {
  const form = member(body, 'nfm_reply');
  if (form !== undefined) return formWords(form);
  return `Answered something interactive (${textAt(body, 'type') || 'of an unknown kind'}).`;
}

/** One answer a line, where the form's answers can be read. */
function formWords(form: unknown): string {
  const title = `Filled in a form${suffix(textAt(form, 'body'))}:`;
  const json = textAt(form, 'response_json');
  const answers = answersIn(json).filter(([key]) => key !== 'flow_token');
  if (answers.length === 0) return `${title} ${json}`;
  return [title, ...answers.map(([key, value]) => `${key}: ${textOf(value)}`)].join('\n');
}

function answersIn(json: string): [key: string, value: unknown][] {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? Object.entries(parsed) : [];
  } catch {
    return [];
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function orderWords(body: unknown): string {
  const items = listOf(member(body, 'product_items'));
  const described = items.map(
    (item) =>
      `${textAt(item, 'quantity')} x ${textAt(item, 'product_retailer_id')} at ${textAt(item, 'item_price')} ${textAt(item, 'currency')}`,
  );
  const words = textAt(body, 'text');
  return `Sent an order of ${items.length} items${suffix(words)}: ${described.join(', ')}`;
}

export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (Object.getOwnPropertyDescriptor(value, key)?.value as unknown)
    : undefined;
}

/** A text or number at this key, as text; empty where there is none. */
export function textAt(value: unknown, key: string): string {
  const found = member(value, key);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const joined = (words: readonly string[]): string => words.filter((word) => word !== '').join(', ');
const suffix = (text: string): string => (text === '' ? '' : ` (${text})`);
