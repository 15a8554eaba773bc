/**
 * The room of a portal: made once however often either side dies in between. Its alias is derived from the chat, so a
 * second createRoom finds the first one's room; what that one left undone is completed; only then is it recorded. A
 * homeserver that died before the bot was inside leaves a room that nobody can enter: the alias is taken from it.
 */
import { reached } from '../base/named-points.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { CreateRoom } from '../matrix/room-requests.ts';
import { portalRoom } from '../matrix/portal-room.ts';
import type { PortalId, RoomId, UserId } from '../model/ids.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';

/** An earlier createRoom may still be at work on the room: so long it is given. */
const emptyForMs = 5_000;
const lookAgainMs = 500;
const troublesUntilLeftOut = 5;

export class PortalRooms {
  readonly #context: BridgeContext;
  /** Since when a portal's alias is seen to lead to a room without the bot. */
  readonly #emptySince = new Map<PortalId, number>();
  /** How often somebody of another homeserver could not be invited. */
  readonly #troubles = new Map<UserId, number>();

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  async ensure(portal: Portal): Promise<RoomId> {
    if (portal.roomId !== null) return portal.roomId;
    const { store, policy, log } = this.#context;
    const room = await this.#made(portal);
    for (const user of policy.invite) await this.#invite(portal, room, user);
    await store.write((unit) => unit.portals.change(portal.id, { roomId: room }));
    reached('inbound.room-recorded');
    log.info({ portal: portal.id, room }, 'a portal has its room');
    return room;
  }

  /** The room with the bot inside and everything that was asked for, invitations excepted. */
  async #made(portal: Portal): Promise<RoomId> {
    const { homeserver, bot } = this.#context;
    const recipe = this.#recipe(portal);
    const { room, existed } = await homeserver.createRoom(bot, recipe);
    reached('inbound.room-created');
    if (!existed) return room;
    if (!(await homeserver.isJoined({ as: bot, room }))) return this.#abandon(portal, recipe);
    this.#emptySince.delete(portal.id);
    await homeserver.completeRoom({ as: bot, room }, recipe);
    return room;
  }

  async #abandon(portal: Portal, { aliasLocalpart }: CreateRoom): Promise<never> {
    const { homeserver, bot, log } = this.#context;
    const since = this.#emptySince.get(portal.id) ?? performance.now();
    this.#emptySince.set(portal.id, since);
    if (performance.now() - since >= emptyForMs) {
      log.warn({ portal: portal.id }, 'the homeserver left a room unfinished that nobody can enter: another is made');
      await homeserver.deleteAlias(bot, aliasLocalpart);
      this.#emptySince.delete(portal.id);
    }
    throw new TryAgain('waits for its room, which the homeserver has left unfinished', lookAgainMs);
  }

  /** Invitations are sent one by one afterwards: one that is refused must not cost the room. */
  #recipe({ accountId, chatId, name }: Portal): CreateRoom {
    const { identifiers, sessions, bot } = this.#context;
    const { session, networkName } = sessions.get(accountId);
    const network = session.account.network;
    const aliasLocalpart = identifiers.portalAlias(network, accountId, chatId);
    return portalRoom({
      aliasLocalpart,
      name: `${name} (${networkName})`,
      topic: `${networkName}, through ${session.account.displayName}`,
      invite: [],
      bridge: {
        bot: bot.user,
        network: { id: network, displayName: networkName },
        channel: { id: aliasLocalpart, displayName: name },
      },
    });
  }

  /**
   * Whoever is not invited never sees the chat, so what may pass is waited for. Another homeserver may be away for good,
   * and ours then answers 5xx for it: that is not waited for without end.
   */
  #mayPass({ kind, status }: HomeserverError, user: UserId): boolean {
    if (kind !== 'again') return kind === 'unreachable';
    if (status < 500 || this.#context.identifiers.isLocal(user)) return true;
    const times = (this.#troubles.get(user) ?? 0) + 1;
    this.#troubles.set(user, times);
    return times % troublesUntilLeftOut !== 0;
  }

  async #invite({ id }: Portal, room: RoomId, user: UserId): Promise<void> {
    const { homeserver, bot, log } = this.#context;
    try {
      await homeserver.invite({ as: bot, room }, user);
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || this.#mayPass(thrown, user)) throw thrown;
      log.warn({ portal: id, room, user, err: thrown }, 'somebody could not be invited: see rooms.invite');
    }
  }
}
