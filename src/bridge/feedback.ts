/**
 * What a sender must know about one message, shown at that message: passed on, delivered, read, or why not and what to
 * do. Everything here may be repeated: receipts are idempotent, events have transaction ids of their own.
 */
import type { Acting } from '../matrix/acting.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import { renderNotice } from '../matrix/render.ts';
import type { AccountId, EventId, JournalId, RoomId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';

/** A message in a room, and the account that carries it. */
export interface Shown {
  readonly account: AccountId;
  readonly room: RoomId;
  readonly event: EventId;
  /** Which attempt to send it this was: what is said of another attempt is said anew. */
  readonly attempt: JournalId;
}

export class Feedback {
  readonly #context: BridgeContext;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** The bot has read it: the network has it. */
  async passedOn({ room, event }: Shown): Promise<void> {
    const { homeserver, bot } = this.#context;
    await this.unlessRefused(() => homeserver.readReceipt({ as: bot, room }, event));
  }

  /** The contact's phone has it. Clients that know `com.beeper.message_send_status` show it. */
  async delivered(shown: Shown, contact: Acting): Promise<void> {
    await this.#status(shown, 'delivered', { status: 'SUCCESS', delivered_to_users: [contact.user] });
  }

  /** The contact has read it. */
  async read({ room, event }: Shown, contact: Acting): Promise<void> {
    await this.unlessRefused(() => this.#context.homeserver.readReceipt({ as: contact, room }, event));
  }

  /** It did not get through, or nobody knows. `reason` says why and what to do. */
  async failed(shown: Shown, kind: 'failed' | 'uncertain', reason: string): Promise<void> {
    const status = kind === 'failed' ? 'FAIL_PERMANENT' : 'FAIL_RETRIABLE';
    await this.#status(shown, kind, { status, reason: 'm.event_not_handled', message: reason });
    await this.notice(shown, kind, reason);
  }

  /** Words of the bot, as a reply to the message. `about` tells apart what is said of the same message. */
  async notice(shown: Shown, about: string, words: string): Promise<void> {
    const { type, content } = renderNotice(words, { replyTo: shown.event });
    await this.#send(shown, type, `notice ${about}`, content);
  }

  async #status(shown: Shown, about: string, outcome: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#send(shown, 'com.beeper.message_send_status', `status ${about}`, {
      'm.relates_to': { rel_type: 'm.reference', event_id: shown.event },
      network: shown.account,
      ...outcome,
    });
  }

  async #send(
    { account, room, event, attempt }: Shown,
    type: string,
    part: string,
    content: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { homeserver, bot } = this.#context;
    const transactionId = transactionIdOf({ account, remote: event, part: `${part} ${attempt}`, sender: bot.user });
    await this.unlessRefused(() => homeserver.sendEvent({ as: bot, room, type, content, transactionId }));
  }

  /** A room that does not take the bot's words must not stop the messages. */
  async unlessRefused(say: () => Promise<unknown>): Promise<void> {
    try {
      await say();
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
      this.#context.log.warn({ err: thrown }, 'the room refused what the bot had to say');
    }
  }
}
