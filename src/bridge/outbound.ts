/**
 * One thing that happened in a room, on its way to the network: finds the portal, asks whether its author may, hands
 * over by kind. What the network cannot do is said at the message before anything is tried.
 */
import { reached } from '../base/named-points.ts';
import { isListed } from '../governance/permissions.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { type MatrixAction, readEvent } from '../matrix/read-event.ts';
import type { RoomEvent } from '../matrix/room-event.ts';
import type { EventId, PortalId } from '../model/ids.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Portal } from '../store/portals.ts';
import { type BotRoom, commandPrefix, isCommand } from './bot-room.ts';
import type { BridgeContext } from './context.ts';
import { isEcho } from './echoes.ts';
import { TryAgain } from './failures.ts';
import type { Feedback, Shown } from './feedback.ts';
import { tellOutcome } from './outcomes.ts';
import type { OutboundMessages } from './outbound-message.ts';
import type { OutboundReactions } from './outbound-reaction.ts';
import { templateIn } from './template-sending.ts';
import { words } from './words.ts';
import { shownAt, type OutboundWork } from './work.ts';
import { conclude } from './recording.ts';

export interface OutboundOptions {
  readonly context: BridgeContext;
  readonly botRoom: BotRoom;
  readonly feedback: Feedback;
  readonly messages: OutboundMessages;
  readonly reactions: OutboundReactions;
}

const roomBeingMadeMs = 1_000;

export class Outbound {
  readonly #options: OutboundOptions;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  async handle(row: JournalRow, signal: AbortSignal): Promise<void> {
    // The journal holds what the intake wrote: its shape is known.
    const event = row.payload as RoomEvent;
    const template = row.dedupeKey === event.event_id ? templateIn(event) : undefined;
    const action: MatrixAction = template === undefined ? readEvent(event) : { kind: 'thing', thing: template };
    const portal = await this.#options.context.store.read.portals.byRoom(event.room_id);
    let refusal: string | undefined;
    if (portal === undefined) await this.#unlessRefused(row, event, () => this.#elsewhere(event, action));
    else {
      const left = await this.#inPortal({ row, portal, event, action, signal, shown: shownAt(row, portal, event) });
      if (left === 'nothing') return;
      refusal = left.refusal;
    }
    await this.#finish(row, portal, refusal);
  }

  /** Undefined for what is said elsewhere than in a portal. */
  async portalOf(row: JournalRow): Promise<PortalId | undefined> {
    return (await this.#options.context.store.read.portals.byRoom((row.payload as RoomEvent).room_id))?.id;
  }

  /** Strangers' rooms come and go: what the homeserver refuses there is over, and nothing for an admin. */
  async #unlessRefused(row: JournalRow, event: RoomEvent, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
      const named = { row: row.id, room: event.room_id, event: event.event_id };
      this.#options.context.log.info({ ...named, err: thrown }, 'the homeserver refused an answer');
    }
  }

  /** A room that is not a portal: a conversation with the bot, or a portal whose room is just being made. */
  async #elsewhere(event: RoomEvent, action: MatrixAction): Promise<void> {
    const { botRoom } = this.#options;
    if (action.kind === 'membership') return botRoom.invited(event);
    if (action.kind !== 'text' || action.notice) return;
    if (await this.#isPortalToBe(event))
      throw new TryAgain('waits for the room to be recorded as a portal', roomBeingMadeMs);
    if (isCommand(action.text.text) || (await botRoom.isPrivate(event.room_id))) {
      await botRoom.command(event, withoutPrefix(action.text.text));
    }
  }

  async #isPortalToBe({ room_id: room }: RoomEvent): Promise<boolean> {
    const { homeserver, store, identifiers, bot } = this.#options.context;
    if ((await store.read.portals.counts()).withoutRoom === 0) return false;
    const alias = (await homeserver.getState({ as: bot, room }, 'm.room.canonical_alias', ''))?.['alias'];
    return typeof alias === 'string' && identifiers.isPortalAlias(alias);
  }

  async #inPortal(work: OutboundWork): Promise<Left> {
    const { messages, reactions, botRoom, context } = this.#options;
    const { action, shown, event, portal } = work;
    if (action.kind === 'ignored' || action.kind === 'membership' || (await isEcho(context, work))) return theRow;
    if (action.kind === 'text' && isCommand(action.text.text)) {
      await botRoom.command(event, withoutPrefix(action.text.text));
      return theRow;
    }
    const { networkName, session } = context.sessions.get(portal.accountId);
    if (!isListed(context.policy.officials, event.sender)) {
      return this.#refuse(work, words.notPermitted(networkName));
    }
    switch (action.kind) {
      case 'thing':
        if (session.capabilities[action.thing.type] === 'rejected')
          return this.#refuse(work, words.cannotSend(networkName, `a ${action.thing.type}`));
        await messages.handle({ ...work, action });
        return 'nothing';
      case 'text':
      case 'media':
        await messages.handle({ ...work, action });
        return 'nothing';
      case 'reaction':
        await reactions.add({ ...work, action });
        return 'nothing';
      case 'redaction':
        return (await reactions.removeOrRefuse({ ...work, action })) ? 'nothing' : theRow;
      case 'edit':
        if (session.capabilities.edit === 'rejected') await this.#refuseEdit(shown, action.target, networkName);
        return theRow;
      case 'unsupported':
        return this.#refuse(work, words.cannotSend(networkName, action.what));
    }
  }

  async #refuse({ row, portal, action, shown }: OutboundWork, reason: string): Promise<Left> {
    const { feedback, context } = this.#options;
    await feedback.failed(shown, 'failed', reason);
    const kind = action.kind === 'reaction' ? 'reaction' : 'message';
    tellOutcome(context, { portal, row: row.id, direction: 'out', kind, outcome: 'failed' });
    return { refusal: reason };
  }

  /** Nothing is said at what never was on its way, such as a command. */
  async #refuseEdit(shown: Shown, target: EventId, network: string): Promise<void> {
    const { feedback, context } = this.#options;
    const part = await context.store.read.parts.byEventId(target);
    if (part === undefined) return;
    const said = part.state === 'failed' ? words.editOfUnsent(network) : words.cannotEdit(network);
    await feedback.notice({ ...shown, event: target }, 'edit', said);
  }

  async #finish(row: JournalRow, portal: Portal | undefined, refusal: string | undefined): Promise<void> {
    const { store, clock } = this.#options.context;
    const reason = refusal ?? null;
    await store.write((unit) => conclude(unit, row, portal, { state: 'done', at: clock.now(), reason }));
    reached('outbound.done');
  }
}

/** What is left to be done once a handler is through: it finishes the row itself, together with what it did, or not. */
type Left = 'nothing' | { readonly refusal?: string };
const theRow: Left = {};

const withoutPrefix = (text: string): string =>
  isCommand(text) ? text.slice(commandPrefix.length).trim() || 'help' : text;
