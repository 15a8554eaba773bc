/** What became of a message that we sent: sent, delivered, read, failed - in any order and any number of times. */
import { asId, type ContactId } from '../model/ids.ts';
import { advance, type MessageState } from '../model/message-state.ts';
import { type ReceiptEvent, stateToldBy } from '../model/remote-event.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Part } from '../store/parts.ts';
import { isFeedbackLane, type Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import type { Courtesy } from './courtesy.ts';
import type { Feedback, Shown } from './feedback.ts';
import type { Ghosts } from './ghosts.ts';
import { tellOutcome } from './outcomes.ts';
import type { InboundWork, JournalledPassage } from './work.ts';
import { targetOf } from './targets.ts';
import { words } from './words.ts';

export interface ReceiptOptions {
  readonly context: BridgeContext;
  readonly ghosts: Ghosts;
  readonly feedback: Feedback;
  readonly courtesy: Courtesy;
  /** The outbound lane of this part may have waited for this evidence. */
  readonly evidence: (part: Part) => Promise<void>;
}

export class InboundReceipts {
  readonly #options: ReceiptOptions;

  constructor(options: ReceiptOptions) {
    this.#options = options;
  }

  async handle(work: InboundWork<ReceiptEvent>): Promise<void> {
    const { context, courtesy, evidence } = this.#options;
    const { row, portal, event } = work;
    const part = await this.#partOf(work);
    const state = part === undefined ? undefined : advance(part.state, stateToldBy(event));
    const restMs =
      part !== undefined && state !== undefined && state !== part.state
        ? await this.#timed(row, () => this.#show(portal, part, state, event))
        : 0;
    await context.store.writeSoon(async (unit) => {
      if (part !== undefined && state !== undefined) {
        await unit.parts.change(part.id, context.clock.now(), { state, remoteId: event.message, ...reasonOf(event) });
      }
      await unit.journal.finish(row.id, 'done', context.clock.now());
    });
    if (part?.state === 'sent' && state === 'failed') this.#tellUndelivered(portal, part);
    if (part !== undefined && (part.state === 'sending' || part.state === 'uncertain')) await evidence(part);
    await courtesy.rest(restMs);
  }

  /**
   * Shows that the network has taken a message, and says what there is to say at it. A read mark covers what came before
   * it, so one that another of the same chat waits behind is not made.
   */
  async passedOn(
    row: JournalRow,
    { id, accountId, roomId }: Portal,
    { passedOn: event, hint }: Pick<JournalledPassage, 'passedOn' | 'hint'>,
  ): Promise<void> {
    const { context, courtesy, feedback } = this.#options;
    const { store, clock } = context;
    const shown = roomId && { account: accountId, portal: id, room: roomId, event, attempt: row.id };
    if (shown !== null && hint !== undefined) await feedback.notice(shown, 'hint', hint);
    const restMs =
      shown === null || (await store.read.journal.anyBehind(row, passageOf('$')))
        ? 0
        : await this.#timed(row, () => feedback.passedOn(shown));
    await store.writeSoon((unit) => unit.journal.finish(row.id, 'done', clock.now()));
    await courtesy.rest(restMs);
  }

  /** Resolves to the milliseconds of rest that are to follow; none in the lane of the messages. */
  async #timed({ lane }: JournalRow, tell: () => Promise<void>): Promise<number> {
    const began = performance.now();
    await tell();
    return isFeedbackLane(lane) ? this.#options.courtesy.restAfter(performance.now() - began) : 0;
  }

  /** What we sent along identifies the part even when the network's answer to the call was lost. */
  async #partOf(work: InboundWork<ReceiptEvent>): Promise<Part | undefined> {
    const { store } = this.#options.context;
    const { sendKey, message } = work.event;
    const part = sendKey === undefined ? undefined : await store.read.parts.bySendKey(sendKey);
    return part ?? (await targetOf(this.#options.context, work, message));
  }

  #tellUndelivered(portal: Portal, { id, journalId: row, kind }: Part): void {
    const { context } = this.#options;
    tellOutcome(context, { portal, row, part: id, direction: 'out', kind, outcome: 'undelivered' });
  }

  async #show(portal: Portal, part: Part, state: MessageState, event: ReceiptEvent): Promise<void> {
    const { feedback } = this.#options;
    if (part.eventId === null || portal.roomId === null) return;
    const shown: Shown = {
      account: portal.accountId,
      portal: portal.id,
      room: portal.roomId,
      event: part.eventId,
      attempt: part.journalId,
    };
    if (state === 'failed') {
      const { networkName } = this.#options.context.sessions.get(portal.accountId);
      const reason = reasonOf(event).reason ?? 'It gave no reason.';
      await feedback.failed(shown, 'failed', words.undelivered(networkName, reason));
    }
    if (part.kind === 'reaction') return;
    if (state === 'sent') await feedback.passedOn(shown);
    if (state !== 'delivered' && state !== 'read') return;
    if (event.by === 'somebody') return feedback.passedOn(shown);
    const contact = await this.#options.ghosts.ready(
      portal,
      portal.roomId,
      event.by ?? { id: asId<ContactId>(portal.chatId) },
    );
    await (state === 'delivered' ? feedback.delivered(shown, contact) : feedback.read(shown, contact));
  }
}

/** The key in the journal of what a message leaves there when it was passed on; ids of events begin with `$`. */
export const passageOf = (event: string): string => `passed-on ${event}`;

const reasonOf = (event: ReceiptEvent): { reason?: string } =>
  event.kind === 'delivery-receipt' && event.reason !== undefined ? { reason: event.reason } : {};
