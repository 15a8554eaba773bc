/** A reaction of a contact, or its removal. A contact has at most one reaction at a message: a new one replaces it. */
import { transactionIdOf } from '../matrix/identifiers.ts';
import { type RenderedEvent, renderNotice, renderReaction } from '../matrix/render.ts';
import type { EventId, RoomId } from '../model/ids.ts';
import type { ReactionEvent, ReactionRemovedEvent } from '../model/remote-event.ts';
import type { Part } from '../store/parts.ts';
import type { Reaction } from '../store/reactions.ts';
import type { BridgeContext } from './context.ts';
import type { InboundWork } from './work.ts';
import { tellOutcome } from './outcomes.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { conclude } from './recording.ts';
import { targetOf } from './targets.ts';
import type { Voice, Voices } from './voices.ts';

type Work = InboundWork<ReactionEvent | ReactionRemovedEvent>;

export class InboundReactions {
  readonly #context: BridgeContext;
  readonly #rooms: PortalRooms;
  readonly #voices: Voices;

  constructor(context: BridgeContext, rooms: PortalRooms, voices: Voices) {
    this.#context = context;
    this.#rooms = rooms;
    this.#voices = voices;
  }

  async handle(work: Work): Promise<void> {
    const { store, clock } = this.#context;
    const { row, portal, event } = work;
    const room = await this.#rooms.ensure(portal);
    const voice = await this.#voices.ready(portal, room, event);
    const part = await targetOf(this.#context, work, event.target);
    const former = part && (await store.read.reactions.at(part.id)).find(({ author }) => author === voice.user);
    const placed = await this.#place(work, room, voice, part, former);
    if (former !== undefined && former.eventId !== placed?.eventId) await this.#withdraw(work, room, voice, former);
    await store.write(async (unit) => {
      if (former !== undefined) await unit.reactions.remove(former.eventId);
      if (placed !== undefined) await unit.reactions.put(placed);
      await conclude(unit, row, portal, { state: 'done', at: clock.now() });
    });
    tellOutcome(this.#context, { portal, row: row.id, direction: 'in', kind: 'reaction', outcome: 'passed_on' });
  }

  /** The reaction that stands now, if any. */
  async #place(
    { event, portal }: Work,
    room: RoomId,
    voice: Voice,
    part: Part | undefined,
    former?: Reaction,
  ): Promise<Reaction | undefined> {
    if (event.kind === 'reaction-removed') return undefined;
    if (former?.emoji === event.emoji) return former;
    const send = (rendered: RenderedEvent): Promise<EventId> =>
      voice.send({
        room,
        ...rendered,
        at: event.at,
        transactionId: transactionIdOf({ account: portal.accountId, remote: event.id, part: 0, sender: voice.user }),
      });
    if (part?.eventId == null) {
      await send(renderNotice(`reacted with ${event.emoji} to a message that is not in this room`));
      return undefined;
    }
    const eventId = await send(renderReaction(part.eventId, event.emoji));
    return { portalId: portal.id, partId: part.id, author: voice.user, emoji: event.emoji, eventId };
  }

  async #withdraw({ portal }: Work, room: RoomId, { as, user }: Voice, { eventId }: Reaction): Promise<void> {
    const transactionId = transactionIdOf({
      account: portal.accountId,
      remote: eventId,
      part: 'withdrawn',
      sender: user,
    });
    await this.#context.homeserver.redact({ as, room, event: eventId, transactionId });
  }
}
