/** Everything a network can tell the house, in neutral words. Times are milliseconds since the Unix epoch. */
import type { InboundContent } from './content.ts';
import type { ChatId, ContactId, RemoteEventId, RemoteMessageId, SendKey } from './ids.ts';
import type { MessageState } from './message-state.ts';

/** What every remote event carries. `id` is unique within its account: a second delivery has the same one. */
interface Occurrence {
  readonly id: RemoteEventId;
  readonly chat: ChatId;
  readonly at: number;
  /** How the chat is called, where its contact does not name it. */
  readonly chatName?: string;
}

/** A person as the network described them in this event. */
export interface ContactSketch {
  readonly id: ContactId;
  readonly displayName?: string;
}

/** What the account itself said elsewhere, such as in an app on the official's phone; `from` then is the account. */
interface PerhapsOwn {
  readonly own?: true;
}

export interface MessageEvent extends Occurrence, PerhapsOwn {
  readonly kind: 'message';
  readonly from: ContactSketch;
  readonly message: RemoteMessageId;
  readonly content: InboundContent;
  readonly replyTo?: RemoteMessageId;
  readonly forwarded?: 'once' | 'often';
}

export interface ReactionEvent extends Occurrence, PerhapsOwn {
  readonly kind: 'reaction';
  readonly from: ContactSketch;
  readonly target: RemoteMessageId;
  readonly emoji: string;
}

export interface ReactionRemovedEvent extends Occurrence, PerhapsOwn {
  readonly kind: 'reaction-removed';
  readonly from: ContactSketch;
  readonly target: RemoteMessageId;
}

/** Who has it, in a chat with several people; `somebody` where that is not told. */
interface PerhapsBy {
  readonly by?: ContactSketch | 'somebody';
}

/** What became of a message that we sent. At least one of `message` and `sendKey` is known. */
export interface DeliveryReceiptEvent extends Occurrence, PerhapsBy {
  readonly kind: 'delivery-receipt';
  readonly state: 'sent' | 'delivered' | 'failed';
  readonly message: RemoteMessageId;
  readonly sendKey?: SendKey;
  /** Why it failed and what to do, for the person who wrote it. */
  readonly reason?: string;
}

export interface ReadReceiptEvent extends Occurrence, PerhapsBy {
  readonly kind: 'read-receipt';
  readonly message: RemoteMessageId;
  readonly sendKey?: SendKey;
}

/** The chat is called `chatName` from now on. */
export interface ChatInfoEvent extends Occurrence {
  readonly kind: 'chat-info';
  readonly chatName: string;
}

/** Who has come into a chat with several people, and who is no longer in it. */
export interface MembershipEvent extends Occurrence {
  readonly kind: 'membership';
  readonly joined: readonly ContactSketch[];
  readonly left: readonly ContactSketch[];
}

/**
 * What was said in a chat before its network told us as it happened. More of it may come that belongs before or between;
 * when none has for `settlesAfterMs`, it is complete.
 */
export interface HistoryBatchEvent extends Occurrence {
  readonly kind: 'history-batch';
  /** Whom the chat is with. */
  readonly from: ContactSketch;
  readonly messages: readonly MessageEvent[];
  readonly settlesAfterMs: number;
}

export type RemoteEvent =
  | HistoryBatchEvent
  | MessageEvent
  | ReactionEvent
  | ReactionRemovedEvent
  | DeliveryReceiptEvent
  | ReadReceiptEvent
  | ChatInfoEvent
  | MembershipEvent;

/** What became of a message that is there already. */
export type ReceiptEvent = DeliveryReceiptEvent | ReadReceiptEvent;

export const isReceipt = (event: RemoteEvent): event is ReceiptEvent =>
  event.kind === 'delivery-receipt' || event.kind === 'read-receipt';

export const stateToldBy = (event: ReceiptEvent): MessageState =>
  event.kind === 'read-receipt' ? 'read' : event.state;
