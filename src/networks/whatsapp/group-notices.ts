/** What WhatsApp tells of a group: shown as a notice in the group's chat. */
import { createHash } from 'node:crypto';
import { asId, type ChatId, type ContactId, type RemoteMessageId } from '../../model/ids.ts';
import type { ContactSketch, MessageEvent } from '../../model/remote-event.ts';
import { isKept } from './envelope.ts';
import { eventIdOf } from './event-ids.ts';
import { fitting, textAt } from './notices.ts';
import { timeOf } from './timestamps.ts';

/** Stands for WhatsApp itself where nobody in particular speaks. */
const whatsAppItself: ContactSketch = { id: asId<ContactId>('whatsapp'), displayName: 'WhatsApp' };
const maxWords = 100;
const maxListed = 20;

/** Undefined when it names no group. */
export function groupNotice(field: string, group: unknown, now: number): MessageEvent | undefined {
  const chat = textAt(group, 'group_id');
  if (!isKept(chat)) return undefined;
  const digest = createHash('sha256').update(JSON.stringify(group)).digest('base64url');
  const id = eventIdOf('group', field, digest);
  return {
    kind: 'message',
    id,
    chat: asId<ChatId>(chat),
    at: timeOf(textAt(group, 'timestamp'), now),
    from: whatsAppItself,
    message: asId<RemoteMessageId>(id),
    content: { type: 'notice', kind: field, text: wordsOf(field, group) },
  };
}

function wordsOf(field: string, group: unknown): string {
  const kind = textAt(group, 'type') || field;
  const subject = textAt(group, 'subject');
  const words = [
    `WhatsApp reports a change of the group (${kind.slice(0, maxWords)}, ${field}).`,
    ...(subject === '' ? [] : [`Its name: ${subject.slice(0, 2 * maxWords)}.`]),
    ...peopleAt(group, 'added_participants', 'Added'),
    ...peopleAt(group, 'removed_participants', 'Removed'),
  ];
  return fitting(words.join(' '));
}

function peopleAt(group: unknown, key: string, word: string): string[] {
  const list: unknown = typeof group === 'object' && group !== null ? Reflect.get(group, key) : undefined;
  if (!Array.isArray(list)) return [];
  const names = list
    .slice(0, maxListed)
    .map((person: unknown) => textAt(person, 'wa_id') || textAt(person, 'user_id') || 'somebody');
  const others = list.length - names.length;
  return [`${word}: ${names.join(', ')}${others === 0 ? '' : ` and ${others} more`}.`];
}
