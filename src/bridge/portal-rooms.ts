/**
 * The room of a portal: made once however often either side dies in between. Its alias is derived from the chat, so a
 * second createRoom finds the first one's room; what that one left undone is completed; only then is it recorded. A
 * homeserver that died before the bot was inside leaves a room that nobody can enter: the alias is taken from it.
 */
import { isDeepStrictEqual } from 'node:util';
import { reached } from '../base/named-points.ts';
import { type BridgeInfo, bridgeInfoState } from '../matrix/bridge-info.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { CreateRoom } from '../matrix/room-requests.ts';
import { portalRoom } from '../matrix/portal-room.ts';
import type { EventId, PortalId, RoomId, UserId } from '../model/ids.ts';
import type { Portal } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';
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
    const recorded = await store.write((unit) => this.record(unit, portal, room));
    reached('inbound.room-recorded');
    log.info({ portal: portal.id, room: recorded }, 'a portal has its room');
    return recorded;
  }

  /**
   * The portal's room from now on; the one that was recorded meanwhile, where there is one. What was said in it up to
   * `comparedUpTo` was not said to the contact, and is never sent.
   */
  async record(unit: UnitOfWork, { id }: Portal, room: RoomId, comparedUpTo: EventId | null = null): Promise<RoomId> {
    const present = (await unit.portals.get(id))?.roomId ?? null;
    if (present === null) await unit.portals.change(id, { roomId: room, comparedUpTo });
    return present ?? room;
  }

  /** Writes what of the room's state is not as it would be made now, and invites who is to be in it. */
  async setRight(portal: Portal, room: RoomId): Promise<{ changed: number; invited: number }> {
    const { homeserver, bot, policy, log } = this.#context;
    const { name, topic, initialState } = this.#recipe(portal);
    const wanted = [
      { type: 'm.room.name', stateKey: '', content: { name } },
      ...(topic === undefined ? [] : [{ type: 'm.room.topic', stateKey: '', content: { topic } }]),
      ...initialState,
    ];
    let [changed, invited] = [0, 0];
    for (const state of wanted) {
      // Homeservers add members of their own, such as other forms of the topic.
      const present = await homeserver.getState({ as: bot, room }, state.type, state.stateKey);
      if (Object.entries(state.content).every(([key, value]) => isDeepStrictEqual(present?.[key], value))) continue;
      await homeserver.putState({ as: bot, room }, state);
      log.info({ portal: portal.id, room, type: state.type }, 'the state of a room was set right');
      changed += 1;
    }
    for (const user of policy.invite) if (await this.#invite(portal, room, user)) invited += 1;
    return { changed, invited };
  }

  /** The room is called as its portal. */
  async rename(portal: Portal, room: RoomId): Promise<void> {
    const { homeserver, bot } = this.#context;
    const { name } = this.#recipe(portal);
    await homeserver.ensureState({ as: bot, room }, { type: 'm.room.name', stateKey: '', content: { name } });
    await this.mark(portal, room, true);
  }

  /** Whether the room tells clients that it mirrors this chat. */
  async mark(portal: Portal, room: RoomId, isPortal: boolean): Promise<void> {
    const { homeserver, bot } = this.#context;
    for (const { content, ...state } of bridgeInfoState(this.#bridgeInfo(portal)))
      await homeserver.ensureState({ as: bot, room }, { ...state, content: isPortal ? content : {} });
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
  #recipe(portal: Portal): CreateRoom {
    const { session, networkName } = this.#context.sessions.get(portal.accountId);
    const bridge = this.#bridgeInfo(portal);
    return portalRoom({
      aliasLocalpart: bridge.channel.id,
      name: `${portal.name} (${networkName})`,
      topic: `${networkName}, through ${session.account.displayName}`,
      invite: [],
      bridge,
    });
  }

  #bridgeInfo({ accountId, chatId, name }: Portal): BridgeInfo {
    const { identifiers, sessions, bot } = this.#context;
    const { session, networkName } = sessions.get(accountId);
    const { network } = session.account;
    return {
      bot: bot.user,
      network: { id: network, displayName: networkName },
      channel: { id: identifiers.portalAlias(network, accountId, chatId), displayName: name },
    };
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

  async #invite({ id }: Portal, room: RoomId, user: UserId): Promise<boolean> {
    const { homeserver, bot, log } = this.#context;
    try {
      return await homeserver.invite({ as: bot, room }, user);
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || this.#mayPass(thrown, user)) throw thrown;
      log.warn({ portal: id, room, user, err: thrown }, 'somebody could not be invited: see rooms.invite');
      return false;
    }
  }
}
