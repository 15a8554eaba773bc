/**
 * What was written in the WhatsApp Business app with the same number (Meta: "smb_message_echoes webhook reference"). It
 * is the account's own, and says nothing of the window: that opens only when the citizen writes.
 */
import { asId, type ChatId, type ContactId, type RemoteMessageId } from '../../model/ids.ts';
import type { MessageEvent, ReactionEvent, ReactionRemovedEvent } from '../../model/remote-event.ts';
import type { AdapterState } from '../contract.ts';
import type { WhatsAppMessage } from './envelope.ts';
import { eventIdOf } from './event-ids.ts';
import { nameFromPhone, recipientOf, senderOf } from './identity.ts';
import { contentOf } from './message-content.ts';
import { textAt } from './notices.ts';

export interface OwnMessage {
  readonly message: WhatsAppMessage;
  /** Whom it was written to. */
  readonly to: { readonly phone?: string | undefined; readonly userId?: string | undefined };
  readonly at: number;
  readonly state: AdapterState;
}

/** Undefined when nobody is named to whom it was written. */
export async function ownMessage({
  message,
  to,
  at,
  state,
}: OwnMessage): Promise<MessageEvent | ReactionEvent | ReactionRemovedEvent | undefined> {
  const chat = await chatWith(state, to, at);
  if (chat === undefined) return undefined;
  const { type, id, reaction, context } = message;
  const occurrence = {
    chat: chat.id,
    at,
    from: { id: asId<ContactId>('own') },
    own: true as const,
    ...(chat.name === undefined ? {} : { chatName: chat.name }),
  };
  if (type === 'reaction' && reaction !== undefined) {
    const target = asId<RemoteMessageId>(reaction.message_id);
    const emoji = reaction.emoji ?? '';
    const of = { ...occurrence, id: eventIdOf('own', type, id, emoji), target };
    return emoji === '' ? { ...of, kind: 'reaction-removed' } : { ...of, kind: 'reaction', emoji };
  }
  const about = context?.id ?? originalOf(message);
  return {
    ...occurrence,
    kind: 'message',
    id: eventIdOf('own', type, id),
    message: asId<RemoteMessageId>(id),
    content: contentOf(message),
    ...(about === undefined ? {} : { replyTo: asId<RemoteMessageId>(about) }),
  };
}

/** The message that an edit or a deletion is about. */
export function originalOf(message: WhatsAppMessage): string | undefined {
  if (message.type !== 'edit' && message.type !== 'revoke') return undefined;
  return textAt(message[message.type], 'original_message_id') || undefined;
}

async function chatWith(
  state: AdapterState,
  { phone, userId }: OwnMessage['to'],
  at: number,
): Promise<{ readonly id: ChatId; readonly name: string | undefined } | undefined> {
  if (phone === undefined && userId === undefined) return undefined;
  const known = await recipientOf(state, { userId, phone });
  const person = await senderOf(state, { userId, phone, at, wrote: false });
  const contact = known ?? person?.contact;
  const name = person?.name ?? nameFromPhone(phone);
  return contact === undefined ? undefined : { id: asId<ChatId>(contact), name };
}
