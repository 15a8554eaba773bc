/** What WhatsApp tells of a group (Meta: "Webhooks for Groups API"): a notice in its chat, its name, who is in it. */
import { createHash } from 'node:crypto';
import { asId, type ChatId, type ContactId, type RemoteMessageId } from '../../model/ids.ts';
import type { ContactSketch, RemoteEvent } from '../../model/remote-event.ts';
import type { AdapterState } from '../contract.ts';
import { asName, contactShape, isKept } from './envelope.ts';
import { eventIdOf } from './event-ids.ts';
import { failuresIn, groupWords } from './group-words.ts';
import { groupClosed, groupNamed, groupPeople, groupSeen } from './group-state.ts';
import { nameFromPhone, senderOf } from './identity.ts';
import { listOf, member, textAt } from './notices.ts';
import { timeOf } from './timestamps.ts';

/** Stands for WhatsApp itself where nobody in particular speaks. */
const whatsAppItself: ContactSketch = { id: asId<ContactId>('whatsapp'), displayName: 'WhatsApp' };
const maxListed = 20;

interface Change {
  readonly type: string;
  readonly field: string;
  readonly group: unknown;
  readonly chat: string;
  readonly at: number;
  readonly state: AdapterState;
}

/** Undefined when it names no group, or tells that one could not be made: then there is none. */
export async function groupChange(
  field: string,
  group: unknown,
  state: AdapterState,
  now: number,
): Promise<RemoteEvent[] | undefined> {
  const chat = textAt(group, 'group_id');
  const type = textAt(group, 'type') || field;
  if (!isKept(chat) || (type === 'group_create' && failuresIn(group).length > 0)) return undefined;
  const change: Change = { type, field, group, chat, at: timeOf(textAt(group, 'timestamp'), now), state };
  const digest = createHash('sha256').update(JSON.stringify(group)).digest('base64url');
  const idOf = (what: string) => eventIdOf(what, field, digest);
  await groupSeen(state, chat);
  const renamed = await nameIn(change);
  await closedIn(change);
  const joined = await peopleIn(change, ['added_participants', 'approved_participants'], true);
  const left = await peopleIn(change, ['removed_participants'], false);
  const asking = type.startsWith('group_join_request') ? await personIn(change, group) : undefined;
  const chatName = (await groupSeen(state, chat)).name?.text ?? unnamed;
  const occurrence = { chat: asId<ChatId>(chat), at: change.at, chatName };
  const text = groupWords({ type, field, group, joined: joined.all, left: left.all, asking });
  return [
    ...(renamed ? [{ ...occurrence, kind: 'chat-info' as const, id: idOf('group-name') }] : []),
    ...(joined.news.length + left.news.length === 0
      ? []
      : [
          {
            ...occurrence,
            kind: 'membership' as const,
            id: idOf('group-people'),
            joined: joined.news,
            left: left.news,
          },
        ]),
    {
      ...occurrence,
      kind: 'message',
      id: idOf('group'),
      from: whatsAppItself,
      message: asId<RemoteMessageId>(idOf('group')),
      content: { type: 'notice', kind: field, text },
    },
  ];
}

/** How the chat of a group is called of which nobody has told the name. */
export const unnamed = 'A group';

async function nameIn({ group, chat, at, state }: Change): Promise<boolean> {
  const changed = member(group, 'group_subject');
  const told = changed === undefined ? textAt(group, 'subject') : succeeded(changed) ? textAt(changed, 'text') : '';
  const name = asName(told);
  return name !== '' && failuresIn(group).length === 0 && (await groupNamed(state, chat, name, at));
}

async function closedIn({ type, group, chat, at, state }: Change): Promise<void> {
  if (failuresIn(group).length > 0) return;
  if (type === 'group_delete') await groupClosed(state, chat, 'deleted', at);
  if (type === 'group_suspend') await groupClosed(state, chat, 'suspended', at);
  if (type === 'group_suspend_cleared') await groupClosed(state, chat, null, at);
}

interface People {
  readonly all: readonly ContactSketch[];
  readonly news: readonly ContactSketch[];
}

async function peopleIn(change: Change, keys: readonly string[], isIn: boolean): Promise<People> {
  const listed = keys.flatMap((key) => listOf(member(change.group, key))).slice(0, maxListed);
  const all: ContactSketch[] = [];
  for (const item of listed) {
    const person = await personIn(change, item);
    if (person !== undefined) all.push(person);
  }
  if (all.length === 0) return { all, news: all };
  const ids = all.map(({ id }) => id);
  const news = await groupPeople(change.state, change.chat, ids, isIn, change.at);
  return { all, news: all.filter(({ id }) => news.has(id)) };
}

async function personIn({ state, at }: Change, item: unknown): Promise<ContactSketch | undefined> {
  const described = contactShape.safeParse(item).data;
  const input = textAt(item, 'input');
  const phone = described?.wa_id ?? numberIn(input);
  const userId = described?.user_id ?? (phone === undefined && isKept(input) ? input : undefined);
  const sighting = { userId, phone, at, name: described?.profile?.name, wrote: false };
  const sender = await senderOf(state, sighting);
  const displayName = sender?.name ?? nameFromPhone(phone);
  return sender && { id: sender.contact, ...(displayName === undefined ? {} : { displayName }) };
}

const numberIn = (input: string): string | undefined =>
  /^\+?\d{5,20}$/.test(input) ? input.replace('+', '') : undefined;

const succeeded = (part: unknown): boolean => member(part, 'update_successful') !== false;
