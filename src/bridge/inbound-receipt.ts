/** What became of a message that we sent: sent, delivered, read, failed - in any order and any number of times. */
import { asId, type ContactId } from '../model/ids.ts';
import { advance, type MessageState } from '../model/message-state.ts';
import type { DeliveryReceiptEvent, ReadReceiptEvent } from '../model/remote-event.ts';
import type { Part } from '../store/parts.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import type { Feedback, Shown } from './feedback.ts';
import type { Ghosts } from './ghosts.ts';
import { tellOutcome } from './outcomes.ts';
import type { InboundWork } from './work.ts';
import { targetOf } from './targets.ts';
import { words } from './words.ts';

type Receipt = DeliveryReceiptEvent | ReadReceiptEvent;

export interface ReceiptOptions {
  readonly context: BridgeContext;
  readonly ghosts: Ghosts;
  readonly feedback: Feedback;
  /** The outbound lane of this part may have waited for this evidence. */
  readonly evidence: (part: Part) => Promise<void>;
}

export class InboundReceipts {
  readonly #options: ReceiptOptions;

  constructor(options: ReceiptOptions) {
    this.#options = options;
  }

  async handle(work: InboundWork<Receipt>): Promise<void> {
    const { context, evidence } = this.#options;
    const { row, portal, event } = work;
    const part = await this.#partOf(work);
    const state = part === undefined ? undefined : advance(part.state, stateOf(event));
    if (part !== undefined && state !== undefined && state !== part.state) await this.#show(portal, part, state, event);
    await context.store.write(async (unit) => {
      if (part !== undefined && state !== undefined) {
        await unit.parts.change(part.id, context.clock.now(), { state, remoteId: event.message, ...reasonOf(event) });
      }
      await unit.journal.finish(row.id, 'done', context.clock.now());
    });
    if (part?.state === 'sent' && state === 'failed') this.#tellUndelivered(portal, part);
    if (part !== undefined && (part.state === 'sending' || part.state === 'uncertain')) await evidence(part);
  }

  /** What we sent along identifies the part even when the network's answer to the call was lost. */
  async #partOf(work: InboundWork<Receipt>): Promise<Part | undefined> {
    const { store } = this.#options.context;
    const { sendKey, message } = work.event;
    const part = sendKey === undefined ? undefined : await store.read.parts.bySendKey(sendKey);
    return part ?? (await targetOf(this.#options.context, work, message));
  }

  #tellUndelivered(portal: Portal, { id, journalId: row, kind }: Part): void {
    const { context } = this.#options;
    tellOutcome(context, { portal, row, part: id, direction: 'out', kind, outcome: 'undelivered' });
  }

  async #show(portal: Portal, part: Part, state: MessageState, event: Receipt): Promise<void> {
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
    const contact = await this.#options.ghosts.ready(portal, portal.roomId, { id: asId<ContactId>(portal.chatId) });
    await (state === 'delivered' ? feedback.delivered(shown, contact) : feedback.read(shown, contact));
  }
}

const stateOf = (event: Receipt): MessageState => (event.kind === 'read-receipt' ? 'read' : event.state);

const reasonOf = (event: Receipt): { reason?: string } =>
  event.kind === 'delivery-receipt' && event.reason !== undefined ? { reason: event.reason } : {};
