/** A reaction of a contact, or its removal. A contact has at most one reaction at a message: a new one replaces it. */
import type { Acting } from '../matrix/acting.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import { type RenderedEvent, renderNotice, renderReaction } from '../matrix/render.ts';
import type { EventId, RoomId } from '../model/ids.ts';
import type { ReactionEvent, ReactionRemovedEvent } from '../model/remote-event.ts';
import type { Part } from '../store/parts.ts';
import type { Reaction } from '../store/reactions.ts';
import type { BridgeContext } from './context.ts';
import type { Ghosts } from './ghosts.ts';
import type { InboundWork } from './work.ts';
import { tellOutcome } from './outcomes.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { targetOf } from './targets.ts';

type Work = InboundWork<ReactionEvent | ReactionRemovedEvent>;

export class InboundReactions {
  readonly #context: BridgeContext;
  readonly #rooms: PortalRooms;
  readonly #ghosts: Ghosts;

  constructor(context: BridgeContext, rooms: PortalRooms, ghosts: Ghosts) {
    this.#context = context;
    this.#rooms = rooms;
    this.#ghosts = ghosts;
  }

  async handle(work: Work): Promise<void> {
    const { store, clock } = this.#context;
    const { row, portal, event } = work;
    const room = await this.#rooms.ensure(portal);
    const ghost = await this.#ghosts.ready(portal, room, event.from);
    const part = await targetOf(this.#context, work, event.target);
    const former = part && (await store.read.reactions.at(part.id)).find(({ author }) => author === ghost.user);
    const placed = await this.#place(work, room, ghost, part, former);
    if (former !== undefined && former.eventId !== placed?.eventId) await this.#withdraw(work, room, ghost, former);
    await store.write(async (unit) => {
      if (former !== undefined) await unit.reactions.remove(former.eventId);
      if (placed !== undefined) await unit.reactions.put(placed);
      await unit.journal.finish(row.id, 'done', clock.now());
    });
    tellOutcome(this.#context, { portal, row: row.id, direction: 'in', kind: 'reaction', outcome: 'passed_on' });
  }

  /** The reaction that stands now, if any. */
  async #place(
    { event, portal }: Work,
    room: RoomId,
    ghost: Acting,
    part: Part | undefined,
    former?: Reaction,
  ): Promise<Reaction | undefined> {
    if (event.kind === 'reaction-removed') return undefined;
    if (former?.emoji === event.emoji) return former;
    const send = (rendered: RenderedEvent): Promise<EventId> =>
      this.#context.homeserver.sendEvent({
        as: ghost,
        room,
        ...rendered,
        at: event.at,
        transactionId: transactionIdOf({ account: portal.accountId, remote: event.id, part: 0, sender: ghost.user }),
      });
    if (part?.eventId == null) {
      await send(renderNotice(`reacted with ${event.emoji} to a message that is not in this room`));
      return undefined;
    }
    const eventId = await send(renderReaction(part.eventId, event.emoji));
    return { portalId: portal.id, partId: part.id, author: ghost.user, emoji: event.emoji, eventId };
  }

  async #withdraw({ portal }: Work, room: RoomId, ghost: Acting, { eventId }: Reaction): Promise<void> {
    const transactionId = transactionIdOf({
      account: portal.accountId,
      remote: eventId,
      part: 'withdrawn',
      sender: ghost.user,
    });
    await this.#context.homeserver.redact({ as: ghost, room, event: eventId, transactionId });
  }
}
