/**
 * The room of a portal: made once however often the process dies in between. Its alias is derived from the chat, so
 * a second createRoom finds the first one's room; what that one left undone is completed; only then is it recorded.
 */
import { reached } from '../base/named-points.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { CreateRoom } from '../matrix/room-requests.ts';
import { portalRoom } from '../matrix/portal-room.ts';
import type { RoomId, UserId } from '../model/ids.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';

export class PortalRooms {
  readonly #context: BridgeContext;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  async ensure(portal: Portal): Promise<RoomId> {
    if (portal.roomId !== null) return portal.roomId;
    const { store, homeserver, bot, policy, log } = this.#context;
    const recipe = this.#recipe(portal);
    const { room, existed } = await homeserver.createRoom(bot, recipe);
    reached('inbound.room-created');
    if (existed) await this.#complete(room, recipe);
    for (const user of policy.invite) await this.#invite(room, user);
    await store.write((unit) => unit.portals.change(portal.id, { roomId: room }));
    reached('inbound.room-recorded');
    log.info({ portal: portal.id, room }, 'a portal has its room');
    return room;
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

  /** What a homeserver that died in the middle of createRoom has not done. */
  async #complete(room: RoomId, { name, topic, initialState }: CreateRoom): Promise<void> {
    const { homeserver, bot } = this.#context;
    const wanted = [
      ...initialState,
      { type: 'm.room.name', stateKey: '', content: { name } },
      { type: 'm.room.topic', stateKey: '', content: { topic } },
    ];
    for (const state of wanted) {
      const present = await homeserver.getState({ as: bot, room }, state.type, state.stateKey);
      if (present === undefined) await homeserver.putState({ as: bot, room }, state);
    }
  }

  async #invite(room: RoomId, user: UserId): Promise<void> {
    const { homeserver, bot, log } = this.#context;
    try {
      await homeserver.invite({ as: bot, room }, user);
    } catch (thrown) {
      const isTheirs = thrown instanceof HomeserverError && thrown.kind !== 'unreachable';
      if (!isTheirs) throw thrown;
      log.warn({ room, user, err: thrown }, 'somebody could not be invited: see rooms.invite');
    }
  }
}
