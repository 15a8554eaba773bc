/**
 * Who a contact is. WhatsApp names people by a telephone number, by a business-scoped user id, or by both, and either
 * may change: the contact that was known under one of them stays the same contact, and its chat the same portal.
 */
import { z } from 'zod';
import { asId, type ChatId, type ContactId } from '../../model/ids.ts';
import type { AdapterState } from '../contract.ts';

/** The names that one webhook gave to a person. */
export interface Names {
  readonly userId?: string | undefined;
  readonly phone?: string | undefined;
}

const addressShape = z.object({
  phone: z.string().optional(),
  userId: z.string().optional(),
  /** Milliseconds; when the contact wrote last: it opens the window for free answers. */
  wroteAt: z.number().optional(),
});

/** Where a contact is reached, and when they wrote last. */
export type Address = z.output<typeof addressShape>;

const phoneKey = (phone: string): string => `contact-of/phone/${phone}`;
const userKey = (userId: string): string => `contact-of/user/${userId}`;
const addressKey = (contact: string): string => `address-of/${contact}`;

/** The contact of these names, made when nobody is known by either; both names lead to it from now on. */
export async function contactOf(state: AdapterState, { userId, phone }: Names): Promise<ContactId | undefined> {
  const byUser = userId === undefined ? undefined : await state.get(userKey(userId));
  const byPhone = phone === undefined ? undefined : await state.get(phoneKey(phone));
  const contact = [byUser, byPhone, userId, phone].find((known) => typeof known === 'string');
  if (contact === undefined) return undefined;
  if (userId !== undefined && byUser === undefined) await state.put(userKey(userId), contact);
  if (phone !== undefined && byPhone === undefined) await state.put(phoneKey(phone), contact);
  const address = await addressOf(state, asId<ChatId>(contact));
  if ((phone !== undefined && address.phone !== phone) || (userId !== undefined && address.userId !== userId)) {
    const known = { ...(phone === undefined ? {} : { phone }), ...(userId === undefined ? {} : { userId }) };
    await state.put(addressKey(contact), { ...address, ...known });
  }
  return asId<ContactId>(contact);
}

/** The contact moved to another number: the chat goes on under it. */
export async function changedNumber(state: AdapterState, contact: ContactId, phone: string): Promise<void> {
  await state.put(phoneKey(phone), contact);
  await state.put(addressKey(contact), { ...(await addressOf(state, asId<ChatId>(contact))), phone });
}

export async function wroteAt(state: AdapterState, contact: ContactId, at: number): Promise<void> {
  const address = await addressOf(state, asId<ChatId>(contact));
  if (at > (address.wroteAt ?? 0)) await state.put(addressKey(contact), { ...address, wroteAt: at });
}

/** A chat between two is named as its contact. */
export async function addressOf(state: Pick<AdapterState, 'get'>, chat: ChatId): Promise<Address> {
  const parsed = addressShape.safeParse(await state.get(addressKey(chat)));
  return parsed.success ? parsed.data : {};
}
