/**
 * What a sender must know about one message, shown at that message: passed on, delivered, read, or why not and what to
 * do. Everything here may be repeated: receipts are idempotent, events have transaction ids of their own.
 */
import type { Acting } from '../matrix/acting.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import { renderNotice } from '../matrix/render.ts';
import type { AccountId, EventId, JournalId, PortalId, RoomId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';

/** A message in a room, and the account that carries it. */
export interface Shown {
  readonly account: AccountId;
  readonly portal: PortalId;
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
  async passedOn(shown: Shown): Promise<void> {
    const { homeserver, bot } = this.#context;
    await this.#unlessRefused(shown, () => homeserver.readReceipt({ as: bot, room: shown.room }, shown.event));
  }

  /** The contact's phone has it. Clients that know `com.beeper.message_send_status` show it. */
  async delivered(shown: Shown, contact: Acting): Promise<void> {
    await this.#status(shown, 'delivered', { status: 'SUCCESS', delivered_to_users: [contact.user] });
  }

  /** The contact has read it. */
  async read(shown: Shown, contact: Acting): Promise<void> {
    const { homeserver } = this.#context;
    await this.#unlessRefused(shown, () => homeserver.readReceipt({ as: contact, room: shown.room }, shown.event));
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

  /** Words of the bot to everybody in the room. */
  async announce(where: Omit<Shown, 'event'>, about: string, words: string): Promise<void> {
    const { homeserver, bot } = this.#context;
    const { account, room, attempt } = where;
    const transactionId = transactionIdOf({ account, remote: `row ${attempt}`, part: about, sender: bot.user });
    await this.#unlessRefused(where, () =>
      homeserver.sendEvent({ as: bot, room, ...renderNotice(words), transactionId }),
    );
  }

  async #status(shown: Shown, about: string, outcome: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#send(shown, 'com.beeper.message_send_status', `status ${about}`, {
      'm.relates_to': { rel_type: 'm.reference', event_id: shown.event },
      network: shown.account,
      ...outcome,
    });
  }

  async #send(shown: Shown, type: string, part: string, content: Readonly<Record<string, unknown>>): Promise<void> {
    const { homeserver, bot } = this.#context;
    const { account, room, event, attempt } = shown;
    const transactionId = transactionIdOf({ account, remote: event, part: `${part} ${attempt}`, sender: bot.user });
    await this.#unlessRefused(shown, () => homeserver.sendEvent({ as: bot, room, type, content, transactionId }));
  }

  /** A room that does not take the bot's words must not stop the messages. */
  async #unlessRefused(
    { portal, attempt, event }: Omit<Shown, 'event'> & Partial<Pick<Shown, 'event'>>,
    say: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await say();
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
      const named = { portal, row: attempt, ...(event === undefined ? {} : { event }) };
      this.#context.log.warn({ ...named, err: thrown }, 'the room refused what the bot had to say');
    }
  }
}
