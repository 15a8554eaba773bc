/** What people ask of the rooms of chats besides writing in them: to find them, to set them right, to close them. */
import { ChanceryError } from '../base/errors.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import { renderNotice } from '../matrix/render.ts';
import { isReadable } from '../matrix/room-event.ts';
import type { RoomId, UserId } from '../model/ids.ts';
import { outboundLane, type Portal } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';
import type { BridgeContext } from './context.ts';
import type { Ghosts } from './ghosts.ts';
import { portalIn } from './portal-in.ts';
import type { PortalRooms } from './portal-rooms.ts';
import type { Place } from './template-sending.ts';
import { words } from './words.ts';
import { recordAct } from './recording.ts';

export interface FoundChat {
  readonly name: string;
  readonly accountId: Portal['accountId'];
  /** Leads into the room; absent where there is none. */
  readonly link?: string;
}

/** Events of a room that are looked at before it is closed. */
const latestLooked = 50;

/** Whether the people who are in the room are removed from it as well. */
export type Closing = 'people-stay' | 'people-go';

export class PortalCare {
  readonly #context: BridgeContext;
  readonly #rooms: PortalRooms;
  readonly #ghosts: Ghosts;

  constructor(context: BridgeContext, rooms: PortalRooms, ghosts: Ghosts) {
    this.#context = context;
    this.#rooms = rooms;
    this.#ghosts = ghosts;
  }

  /** Chats with these letters in their name or these digits in their number, the latest active first. */
  async search(text: string, limit: number): Promise<FoundChat[]> {
    const { store, identifiers } = this.#context;
    const portals = await store.read.portals.named(text, limit);
    return portals.map(({ name, accountId, roomId }) => ({
      name,
      accountId,
      ...(roomId === null ? {} : { link: identifiers.linkTo(roomId) }),
    }));
  }

  /** The chat's room as it would be made now: its state, who is invited, who of the contacts is in it. */
  async sync(room: RoomId): Promise<{ readonly changed: number; readonly invited: number }> {
    const portal = await portalIn(this.#context, room);
    this.#ghosts.forgetJoins(room);
    return this.#rooms.setRight(portal, room);
  }

  /**
   * The room mirrors the chat no longer; what was said in it stays. The contact's next message makes a new room. Refused
   * while messages of officials wait: nobody would send them. Safe to repeat.
   */
  async close({ room, event }: Place, actor: UserId, closing: Closing): Promise<void> {
    const { store, homeserver, bot, identifiers, sessions, clock } = this.#context;
    const portal = await portalIn(this.#context, room);
    const { network } = sessions.get(portal.accountId).session.account;
    await homeserver.sendEvent({
      as: bot,
      room,
      ...renderNotice(words.closed),
      transactionId: transactionIdOf({ account: portal.accountId, remote: event, part: 'closed', sender: bot.user }),
    });
    await this.#everythingArrived(room);
    // Before the room is given up, or the next message would find it by its alias.
    await homeserver.deleteAlias(bot, identifiers.portalAlias(network, portal.accountId, portal.chatId));
    await store.write(async (unit) => {
      await nothingWaits(unit, room);
      await unit.portals.change(portal.id, { roomId: null, comparedUpTo: null });
      const act = closing === 'people-go' ? 'delete-portal' : 'unbridge';
      await recordAct(unit, { at: clock.now(), actor, act, subject: `${room} of portal ${portal.id}`, reason: null });
    });
    await this.#rooms.mark(portal, room, false);
    await this.#empty(room, closing);
    await homeserver.leave({ as: bot, room });
  }

  /** What people wrote before they were told is in the journal: the homeserver may push a little later. */
  async #everythingArrived(room: RoomId): Promise<void> {
    const { homeserver, bot, identifiers, store } = this.#context;
    const { events } = await homeserver.messages({ as: bot, room }, { limit: latestLooked });
    for (const event of events) {
      if (!isReadable(event) || event.state_key !== undefined || identifiers.isOurs(event.sender)) continue;
      if (!(await store.read.journal.has('out', event.event_id))) throw stillWaits();
    }
  }

  async #empty(room: RoomId, closing: Closing): Promise<void> {
    const { homeserver, bot, identifiers } = this.#context;
    for (const { user } of await homeserver.members({ as: bot, room })) {
      if (user === bot.user) continue;
      if (identifiers.isGhost(user)) await homeserver.leave({ as: { user, device: identifiers.device(user) }, room });
      else if (closing === 'people-go') await this.#remove(room, user);
    }
    this.#ghosts.forgetJoins(room);
  }

  /** Who has as much power as the bot stays. */
  async #remove(room: RoomId, user: UserId): Promise<void> {
    const { homeserver, bot, log } = this.#context;
    try {
      await homeserver.kick({ as: bot, room }, user, words.closed);
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || thrown.errcode !== 'M_FORBIDDEN') throw thrown;
      log.info({ room, err: thrown }, 'somebody could not be removed from a room that was closed');
    }
  }
}

async function nothingWaits({ journal }: UnitOfWork, room: RoomId): Promise<void> {
  if ((await journal.newest(outboundLane(room))) !== undefined) throw stillWaits();
}

const stillWaits = (): ChanceryError =>
  new ChanceryError('CH-COMMAND-INVALID', {
    detail:
      'Messages of this chat still wait to be sent, so it goes on. `retry` shows what holds them up; then ask again.',
  });
