/** What a webhook says about the people in it. */
import { contactShape, type WhatsAppContact, type WhatsAppMessage } from './envelope.ts';

export class DescribedContacts {
  /** The one that is described, when no other is. */
  readonly only: WhatsAppContact | undefined;
  readonly #byName = new Map<string, WhatsAppContact>();

  /** `list` is the member `contacts`; what cannot be read in it is left out. */
  constructor(list: unknown) {
    const contacts = (Array.isArray(list) ? list : []).flatMap(
      (item: unknown) => contactShape.safeParse(item).data ?? [],
    );
    this.only = contacts.length === 1 ? contacts[0] : undefined;
    for (const contact of contacts) {
      if (contact.wa_id !== undefined) this.#byName.set(`phone ${contact.wa_id}`, contact);
      if (contact.user_id !== undefined) this.#byName.set(`user ${contact.user_id}`, contact);
    }
  }

  /**
   * The author of a message. WhatsApp may write their number in two ways, so the only contact of the only message is
   * the one; so is the only contact where the message names nobody.
   */
  authorOf({ from, from_user_id: userId, type }: WhatsAppMessage, isOnlyMessage: boolean): WhatsAppContact | undefined {
    const isAlone = type !== 'system' && (isOnlyMessage || (from ?? userId) === undefined);
    const named = this.#byName.get(`user ${userId ?? ''}`) ?? this.#byName.get(`phone ${from ?? ''}`);
    return named ?? (isAlone ? this.only : undefined);
  }
}
