/**
 * Who a contact is. WhatsApp names people by a telephone number, by a business-scoped user id, or by both, and either
 * may change: the contact that was known under one of them stays the same contact, and its chat the same portal. A
 * number that its owner left leads to nobody known: somebody else may get it.
 */
import { z } from 'zod';
import { asId, type ChatId, type ContactId } from '../../model/ids.ts';
import type { AdapterState } from '../contract.ts';
import { asName } from './envelope.ts';

/** The names that one webhook gave to a person. */
export interface Names {
  readonly userId?: string | undefined;
  readonly phone?: string | undefined;
}

/** Somebody who says something. Times are milliseconds since the Unix epoch. */
export interface Sighting extends Names {
  readonly at: number;
  /** As they call themselves. */
  readonly name?: string | undefined;
  /** They wrote to us, which opens the window for free answers. */
  readonly wrote: boolean;
}

const addressShape = z.object({
  phone: z.string().optional(),
  userId: z.string().optional(),
  name: z.string().optional(),
  /** When the contact wrote last. */
  wroteAt: z.number().optional(),
  /** When WhatsApp last told of another number or user id. */
  changedAt: z.number().optional(),
});

/** Where a contact is reached, what they are called, and when they wrote last. */
export type Address = z.output<typeof addressShape>;

interface Alias {
  readonly contact: string;
  /** After this the contact had another number. */
  readonly until: number;
}

const aliasShape = z.union([
  z.string().transform((contact): Alias => ({ contact, until: Infinity })),
  z.object({ contact: z.string(), until: z.number() }),
]);

const phoneKey = (phone: string): string => `contact-of/phone/${phone}`;
const userKey = (userId: string): string => `contact-of/user/${userId}`;
const addressKey = (contact: string): string => `address-of/${contact}`;

/** The contact of these names, made when nobody is known by them; all of them lead to it from now on. */
export async function senderOf(
  state: AdapterState,
  { userId, phone, at, name, wrote }: Sighting,
): Promise<{ readonly contact: ContactId; readonly name: string | undefined } | undefined> {
  const byUser = await aliasOf(state, userId, userKey);
  const byPhone = await aliasOf(state, phone, phoneKey);
  const holder = byPhone !== undefined && at <= byPhone.until ? await holderUnless(state, byPhone, userId) : undefined;
  const contact = byUser?.contact ?? holder ?? userId ?? freshName(phone, byPhone);
  if (contact === undefined) return undefined;
  if (userId !== undefined && byUser === undefined) await state.put(userKey(userId), contact);
  if (phone !== undefined && (byPhone?.contact !== contact || at > byPhone.until)) await hand(state, phone, contact);
  const known = await addressOf(state, contact);
  const isLatest = at >= (known.wroteAt ?? 0) && at > (known.changedAt ?? 0);
  const names = { ...given('phone', phone), ...given('userId', userId) };
  const address: Address = {
    ...(isLatest ? { ...known, ...names } : { ...names, ...known }),
    ...given('name', name),
    ...(wrote ? { wroteAt: Math.max(at, known.wroteAt ?? 0) } : {}),
  };
  await state.put(addressKey(contact), address);
  return { contact: asId<ContactId>(contact), name: address.name };
}

/** The contact that something was sent to, if it is known; the other name that is told with it is learnt. */
export async function recipientOf(state: AdapterState, { userId, phone }: Names): Promise<ContactId | undefined> {
  const byUser = await aliasOf(state, userId, userKey);
  const byPhone = await aliasOf(state, phone, phoneKey);
  const contact = byUser?.contact ?? byPhone?.contact;
  if (contact === undefined) return undefined;
  const known = await addressOf(state, contact);
  const learnt = {
    ...(byPhone === undefined && known.phone === undefined ? given('phone', phone) : {}),
    ...(byUser === undefined && known.userId === undefined ? given('userId', userId) : {}),
  };
  if (learnt.phone !== undefined) await state.put(phoneKey(learnt.phone), contact);
  if (learnt.userId !== undefined) await state.put(userKey(learnt.userId), contact);
  if (Object.keys(learnt).length > 0) await state.put(addressKey(contact), { ...known, ...learnt });
  return asId<ContactId>(contact);
}

/** The contact has another number or user id: the chat goes on under it. Older news than the last is no news. */
export async function namesChanged(
  state: AdapterState,
  contact: ContactId,
  { phone, userId }: Names,
  at: number,
): Promise<void> {
  const known = await addressOf(state, contact);
  if (at < (known.changedAt ?? 0)) return;
  if (phone !== undefined && known.phone !== undefined && known.phone !== phone)
    await state.put(phoneKey(known.phone), { contact, until: at } satisfies Alias);
  if (phone !== undefined) await hand(state, phone, contact);
  if (userId !== undefined) await state.put(userKey(userId), contact);
  const names = { ...given('phone', phone), ...given('userId', userId) };
  await state.put(addressKey(contact), { ...known, ...names, changedAt: at } satisfies Address);
}

export const nameFromPhone = (phone: string | undefined): string | undefined =>
  phone === undefined ? undefined : asName(/^\d+$/.test(phone) ? `+${phone}` : phone) || undefined;

/** A chat between two is named as its contact. */
export async function addressOf(state: Pick<AdapterState, 'get'>, chat: ChatId | string): Promise<Address> {
  const parsed = addressShape.safeParse(await state.get(addressKey(chat)));
  return parsed.success ? parsed.data : {};
}

async function aliasOf(
  state: AdapterState,
  name: string | undefined,
  keyOf: (name: string) => string,
): Promise<Alias | undefined> {
  const parsed = name === undefined ? undefined : aliasShape.safeParse(await state.get(keyOf(name)));
  return parsed?.data;
}

/** Whoever has another user id is somebody else, on a number that was given away. */
async function holderUnless(
  state: AdapterState,
  { contact }: Alias,
  userId: string | undefined,
): Promise<string | undefined> {
  const holder = await addressOf(state, contact);
  return userId === undefined || holder.userId === undefined || holder.userId === userId ? contact : undefined;
}

/** The number itself, or one that its former holder does not go by. */
function freshName(phone: string | undefined, former: Alias | undefined): string | undefined {
  return phone === undefined || former === undefined ? phone : `${phone} since ${former.until}`;
}

/** From now on the number leads to this contact. A former holder is not written to under it, if there is another way. */
async function hand(state: AdapterState, phone: string, contact: string): Promise<void> {
  const former = await aliasOf(state, phone, phoneKey);
  await state.put(phoneKey(phone), contact);
  if (former === undefined || former.contact === contact) return;
  const { phone: formerPhone, ...rest } = await addressOf(state, former.contact);
  if (formerPhone === phone && rest.userId !== undefined) await state.put(addressKey(former.contact), rest);
}

const given = <Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> =>
  value === undefined ? {} : ({ [key]: value } as Partial<Record<Key, Value>>);
