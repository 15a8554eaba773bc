/** What is told of a chat itself: how it is called now, and who came into it or left it. The room follows. */
import type { ChatInfoEvent, MembershipEvent } from '../model/remote-event.ts';
import type { BridgeContext } from './context.ts';
import type { Ghosts } from './ghosts.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { conclude } from './recording.ts';
import type { InboundWork } from './work.ts';

export class InboundChat {
  readonly #context: BridgeContext;
  readonly #rooms: PortalRooms;
  readonly #ghosts: Ghosts;

  constructor(context: BridgeContext, rooms: PortalRooms, ghosts: Ghosts) {
    this.#context = context;
    this.#rooms = rooms;
    this.#ghosts = ghosts;
  }

  async handle({ row, portal, event }: InboundWork<ChatInfoEvent | MembershipEvent>): Promise<void> {
    const { store, clock } = this.#context;
    const named = event.kind === 'chat-info' ? { ...portal, name: event.chatName } : portal;
    const room = await this.#rooms.ensure(named);
    if (event.kind === 'chat-info') await this.#rooms.rename(named, room);
    else {
      for (const contact of event.joined) await this.#ghosts.ready(portal, room, contact);
      for (const contact of event.left) await this.#ghosts.gone(portal, room, contact);
    }
    await store.write(async (unit) => {
      if (named.name !== portal.name) await unit.portals.change(portal.id, { name: named.name });
      await conclude(unit, row, portal, { state: 'done', at: clock.now() });
    });
  }
}
