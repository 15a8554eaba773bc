/**
 * What is known of a group of WhatsApp's (Meta: "Groups API"). News may come late and in any order: what is older than
 * what is known changes nothing.
 */
import { z } from 'zod';
import type { ChatId, ContactId } from '../../model/ids.ts';
import type { AdapterState } from '../contract.ts';

const groupShape = z.object({
  name: z.object({ text: z.string(), at: z.number() }).optional(),
  /** When somebody of the group wrote last, which opens the window for free answers. */
  wroteAt: z.number().optional(),
  /** Why nothing can be sent into it, if so. */
  closed: z.object({ because: z.enum(['deleted', 'suspended']).nullable(), at: z.number() }).optional(),
  /** Who came or went last, the latest last. */
  people: z.array(z.object({ contact: z.string(), isIn: z.boolean(), at: z.number() })).default([]),
});

export type Group = z.output<typeof groupShape>;

/** Eight may be in it at once; some have left. */
const maxPeople = 64;
const key = (chat: string): string => `group/${chat}`;

/** Undefined where the chat is none. */
export async function groupOf(state: Pick<AdapterState, 'get'>, chat: ChatId | string): Promise<Group | undefined> {
  return groupShape.safeParse(await state.get(key(chat))).data;
}

/** A chat is a group's as soon as anything is told of it. */
export async function groupSeen(state: AdapterState, chat: string, wroteAt?: number): Promise<Group> {
  const known = await groupOf(state, chat);
  const seen: Group = {
    ...(known ?? { people: [] }),
    ...(wroteAt === undefined ? {} : { wroteAt: Math.max(wroteAt, known?.wroteAt ?? 0) }),
  };
  if (known === undefined || seen.wroteAt !== known.wroteAt) await state.put(key(chat), seen);
  return seen;
}

/** False when something newer is known. */
export async function groupNamed(state: AdapterState, chat: string, text: string, at: number): Promise<boolean> {
  const known = await groupSeen(state, chat);
  if (at < (known.name?.at ?? 0) || text === known.name?.text) return false;
  await state.put(key(chat), { ...known, name: { text, at } } satisfies Group);
  return true;
}

/** It takes nothing any more, or again. A group that was deleted stays so. */
export async function groupClosed(
  state: AdapterState,
  chat: string,
  because: 'deleted' | 'suspended' | null,
  at: number,
): Promise<void> {
  const known = await groupSeen(state, chat);
  if (known.closed?.because === 'deleted' || (because !== 'deleted' && at < (known.closed?.at ?? 0))) return;
  await state.put(key(chat), { ...known, closed: { because, at } } satisfies Group);
}

/** Those of them of whom this is news. */
export async function groupPeople(
  state: AdapterState,
  chat: string,
  contacts: readonly ContactId[],
  isIn: boolean,
  at: number,
): Promise<ReadonlySet<ContactId>> {
  const known = await groupSeen(state, chat);
  const isOld = (contact: ContactId): boolean => known.people.some((each) => each.contact === contact && each.at > at);
  const news = new Set(contacts.filter((contact) => !isOld(contact)));
  const others = known.people.filter(({ contact }) => !news.has(contact as ContactId));
  const people = [...others, ...Array.from(news, (contact) => ({ contact, isIn, at }))].slice(-maxPeople);
  await state.put(key(chat), { ...known, people } satisfies Group);
  return news;
}
