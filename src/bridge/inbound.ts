/**
 * One thing that a network told us, on its way into the room: finds the portal, hands over by kind. Each handler ends
 * with one transaction in which mapping, outcome and "done" stand together.
 */
import { reached } from '../base/named-points.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { PortalId } from '../model/ids.ts';
import type { RemoteEvent } from '../model/remote-event.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { Ghosts } from './ghosts.ts';
import type { InboundChat } from './inbound-chat.ts';
import type { InboundHistory } from './inbound-history.ts';
import type { InboundMessages } from './inbound-message.ts';
import type { InboundReactions } from './inbound-reaction.ts';
import type { InboundReceipts } from './inbound-receipt.ts';
import type { JournalledEvent, JournalledPassage } from './work.ts';

const forbiddenAttempts = 3;
const lookAgainMs = 250;

export interface InboundHandlers {
  readonly chat: InboundChat;
  readonly ghosts: Ghosts;
  readonly history: InboundHistory;
  readonly messages: InboundMessages;
  readonly reactions: InboundReactions;
  readonly receipts: InboundReceipts;
}

export class Inbound {
  readonly #context: BridgeContext;
  readonly #handlers: InboundHandlers;

  constructor(context: BridgeContext, handlers: InboundHandlers) {
    this.#context = context;
    this.#handlers = handlers;
  }

  /** Throws what the handlers throw; `TryAgain` when a ghost may have been removed from the room meanwhile. */
  async handle(row: JournalRow, signal: AbortSignal): Promise<void> {
    // The journal holds what the sink wrote: its shape is known.
    const payload = row.payload as JournalledEvent | JournalledPassage;
    const portalId = payload.portal;
    const portal = await this.#context.store.read.portals.get(portalId);
    if (portal === undefined) throw new Error(`portal ${portalId} of journal row ${row.id} is missing`);
    try {
      if ('passedOn' in payload) await this.#handlers.receipts.passedOn(row, portal, payload);
      else await this.#handOver(row, portal, payload.event, signal);
    } catch (thrown) {
      if (!isForbidden(thrown) || portal.roomId === null || row.attempts >= forbiddenAttempts) throw thrown;
      this.#handlers.ghosts.forgetJoins(portal.roomId);
      throw new TryAgain('a ghost was not let speak, and goes into the room again', lookAgainMs);
    }
    reached('inbound.done');
  }

  portalOf(row: JournalRow): PortalId {
    return (row.payload as JournalledEvent).portal;
  }

  async #handOver(row: JournalRow, portal: Portal, event: RemoteEvent, signal: AbortSignal): Promise<void> {
    const { chat, history, messages, reactions, receipts } = this.#handlers;
    switch (event.kind) {
      case 'message':
        return messages.handle({ row, portal, event, signal });
      case 'reaction':
      case 'reaction-removed':
        return reactions.handle({ row, portal, event, signal });
      case 'chat-info':
      case 'membership':
        return chat.handle({ row, portal, event, signal });
      case 'history-batch':
        return history.handle({ row, portal, event, signal });
      case 'delivery-receipt':
      case 'read-receipt':
        return receipts.handle({ row, portal, event, signal });
    }
  }
}

const isForbidden = (thrown: unknown): boolean => thrown instanceof HomeserverError && thrown.errcode === 'M_FORBIDDEN';
