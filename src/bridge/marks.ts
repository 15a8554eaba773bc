/**
 * Read marks and typing of officials, passed on to the contact as a courtesy. They are worth something only now: one
 * that is lost to a crash is not repeated, and while one is under way only the latest of its portal waits.
 */
import { type EphemeralEvent, readReceiptsOf, typingOf } from '../matrix/ephemeral.ts';
import { isListed } from '../governance/permissions.ts';
import type { EventId, PortalId, RemoteMessageId, RoomId, UserId } from '../model/ids.ts';
import type { Session } from '../networks/contract.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';

/** A network shows "typing" for about this long; there is no use in saying so more often. */
const typingLastsMs = 20_000;
const portalsAtOnce = 200;
const patienceMs = 15_000;

type Mark = (session: Session, portal: Portal, signal: AbortSignal) => Promise<void>;

export class Marks {
  readonly #context: BridgeContext;
  readonly #underWay = new Map<PortalId, Mark | undefined>();
  readonly #typingSaid = new Map<PortalId, number>();
  readonly #marked = new Map<PortalId, RemoteMessageId>();

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** Never fails: a mark is a courtesy. */
  async take(events: readonly EphemeralEvent[]): Promise<void> {
    try {
      for (const event of events) await this.#takeOne(event);
    } catch (thrown) {
      this.#context.log.warn({ err: thrown }, 'read and typing marks could not be taken in');
    }
  }

  async #takeOne(event: EphemeralEvent): Promise<void> {
    for (const { room, user, event: read } of readReceiptsOf(event)) await this.#read(room, user, read);
    const typing = typingOf(event);
    if (typing === undefined) return;
    for (const user of typing.users) await this.#typing(typing.room, user);
  }

  async #read(room: RoomId, user: UserId, event: EventId): Promise<void> {
    const portal = await this.#portalOf(room, user);
    if (portal === undefined) return;
    const { parts } = this.#context.store.read;
    const part = await parts.byEventId(event);
    const message = (await parts.latestInbound(portal.id, part?.id))?.remoteId;
    if (message === undefined || message === null || this.#marked.get(portal.id) === message) return;
    remember(this.#marked, portal.id, message);
    this.#do(portal, async (session, { chatId }, signal) => session.markRead(chatId, message, signal));
  }

  async #typing(room: RoomId, user: UserId): Promise<void> {
    const portal = await this.#portalOf(room, user);
    const now = this.#context.clock.now();
    if (portal === undefined || now - (this.#typingSaid.get(portal.id) ?? 0) < typingLastsMs) return;
    const message = (await this.#context.store.read.parts.latestInbound(portal.id))?.remoteId;
    if (message === undefined || message === null) return;
    remember(this.#typingSaid, portal.id, now);
    this.#do(portal, async (session, { chatId }, signal) => session.typing(chatId, message, signal));
  }

  async #portalOf(room: RoomId, user: UserId): Promise<Portal | undefined> {
    const { identifiers, policy, store } = this.#context;
    if (identifiers.isOurs(user) || !isListed(policy.officials, user)) return undefined;
    return store.read.portals.byRoom(room);
  }

  #do(portal: Portal, mark: Mark): void {
    if (this.#underWay.has(portal.id)) {
      this.#underWay.set(portal.id, mark);
      return;
    }
    if (this.#underWay.size >= portalsAtOnce) return;
    this.#underWay.set(portal.id, undefined);
    void this.#carryOut(portal, mark);
  }

  async #carryOut(portal: Portal, first: Mark): Promise<void> {
    for (let mark: Mark | undefined = first; mark !== undefined; mark = this.#underWay.get(portal.id)) {
      this.#underWay.set(portal.id, undefined);
      try {
        const { session } = this.#context.sessions.get(portal.accountId);
        await mark(session, portal, AbortSignal.timeout(patienceMs));
      } catch (thrown) {
        this.#context.log.debug({ portal: portal.id, err: thrown }, 'a read or typing mark was not passed on');
      }
    }
    this.#underWay.delete(portal.id);
  }
}

const remembered = 10_000;

function remember<Value>(map: Map<PortalId, Value>, portal: PortalId, value: Value): void {
  map.delete(portal);
  map.set(portal, value);
  const [oldest] = map.keys();
  if (map.size > remembered && oldest !== undefined) map.delete(oldest);
}
