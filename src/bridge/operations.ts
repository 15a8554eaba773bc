/** What admins may see and do, for the bot and the command line alike. */
import { isReadable } from '../matrix/room-event.ts';
import { type AccountId, asId, type JournalId, type LaneKey, type PartId, type UserId } from '../model/ids.ts';
import type { AccountStanding } from '../store/accounts.ts';
import type { Act } from '../store/acts.ts';
import type { AccountState } from '../store/schema.ts';
import type { Journal, JournalRow } from '../store/journal.ts';
import type { Part } from '../store/parts.ts';
import { outboundLane, type Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import type { HomeserverLink } from './homeserver-link.ts';
import type { Lanes } from './lanes.ts';
import { journalRoomEvent, recordAct } from './recording.ts';

const attemptsBeforeAttention = 5;
const listed = 50;
const activeForEver = 0;

export interface BridgeStatus {
  readonly homeserver: string;
  readonly accounts: readonly { readonly id: string; readonly name: string; readonly state: AccountState }[];
  readonly portals: { readonly total: number; readonly withoutRoom: number };
  /** What is not over, by state. */
  readonly journal: Awaited<ReturnType<Journal['counts']>>;
  readonly messages: { readonly uncertain: number; readonly failed: number };
}

export interface OperationsOptions {
  readonly context: BridgeContext;
  readonly inbound: Lanes;
  readonly outbound: Lanes;
  readonly link: HomeserverLink;
  readonly version: string;
  /** Ends the connection of an account for good, and records the act with it; false when there is none of this id. */
  readonly logout: (account: AccountId, act: Act) => Promise<boolean>;
}

export class Operations {
  readonly version: string;
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.version = options.version;
    this.#options = options;
  }

  async status(): Promise<BridgeStatus> {
    const { store, sessions } = this.#options.context;
    const { uncertain, failed } = await store.read.parts.counts('out');
    return {
      homeserver: this.#options.link.state,
      accounts: sessions.all().map(({ session: { account, isInTrouble } }) => ({
        id: account.id,
        name: account.displayName,
        state: isInTrouble === true ? 'refused' : 'accepted',
      })),
      portals: await store.read.portals.counts(),
      journal: await store.read.journal.counts(),
      messages: { uncertain, failed },
    };
  }

  /** The connected accounts, and whether their networks accept them. */
  accounts(): Promise<AccountStanding[]> {
    return this.#options.context.store.read.accounts.standings();
  }

  recentPortals(limit: number): Promise<Portal[]> {
    return this.#options.context.store.read.portals.active(activeForEver, limit);
  }

  /** Rows that are parked, quarantined or often tried, and messages that did not get through. */
  async attention(): Promise<{ rows: JournalRow[]; messages: Part[] }> {
    const { journal, parts } = this.#options.context.store.read;
    return {
      rows: await journal.needingAttention(attemptsBeforeAttention, listed),
      messages: await parts.inStates(['uncertain', 'failed'], listed),
    };
  }

  /** What admins did, the newest first. */
  latestActs(limit: number): Promise<Act[]> {
    return this.#options.context.store.read.acts.latest(limit);
  }

  /** False when no such account is connected. */
  logout(account: string, actor: UserId): Promise<boolean> {
    return this.#options.logout(asId<AccountId>(account), this.#act(actor, 'logout', account));
  }

  /** Makes a waiting or parked row due at once; false when there is none of this number. */
  async release(id: JournalId): Promise<boolean> {
    return this.wake(await this.#options.context.store.write((unit) => unit.journal.release(id)));
  }

  /** As `release`, on the word of an admin. */
  async retryRow(id: JournalId, actor: UserId): Promise<boolean> {
    const lane = await this.#options.context.store.write(async (unit) => {
      const released = await unit.journal.release(id);
      if (released !== undefined) await recordAct(unit, this.#act(actor, 'retry', `row ${id}`));
      return released;
    });
    return this.wake(lane);
  }

  /**
   * Takes a row out of its lane, for good: whoever waits for it is told this reason, and the lane goes on. False when
   * none of this number waits, is parked or in quarantine.
   */
  async dropRow(id: JournalId, actor: UserId, reason: string): Promise<boolean> {
    const { store, clock } = this.#options.context;
    const lane = await store.write(async (unit) => {
      const dropped = await unit.journal.drop(id, reason, clock.now());
      if (dropped !== undefined) await recordAct(unit, this.#act(actor, 'drop', `row ${id}`, reason));
      return dropped;
    });
    return this.wake(lane);
  }

  /**
   * Sends a message again that failed or is uncertain. Its words are asked of the homeserver, because nothing of a
   * finished message is kept here.
   */
  async retryMessage(id: PartId, actor: UserId): Promise<string> {
    const { store, homeserver, bot, clock } = this.#options.context;
    const part = await store.read.parts.get(id);
    if (part?.eventId == null || part.direction !== 'out' || (part.state !== 'failed' && part.state !== 'uncertain')) {
      return `Message ${id} is not one that failed or is uncertain.`;
    }
    const portal = await store.read.portals.get(part.portalId);
    if (portal?.roomId == null) return `Message ${id} has no room any more.`;
    const event = await homeserver.getEvent({ as: bot, room: portal.roomId }, part.eventId);
    if (event === undefined || !isReadable(event))
      return `The homeserver no longer has message ${id}: ask its author to write it again.`;
    if (event.sender === bot.user)
      return `Message ${id} was a template: send it again with \`template send\` in its chat.`;
    const lane = outboundLane(portal.roomId);
    await store.write(async (unit) => {
      const dedupeKey = `${event.event_id} again ${id}`;
      const entry = { direction: 'out', dedupeKey, lane, payload: event, receivedAt: clock.now() } as const;
      await journalRoomEvent(unit, portal, event, entry);
      await unit.parts.change(id, clock.now(), { state: 'superseded' });
      await recordAct(unit, this.#act(actor, 'retry', `message ${id}`));
    });
    this.#options.outbound.wake(lane);
    return `Message ${id} is sent again.`;
  }

  #act(actor: UserId, act: Act['act'], subject: string, reason: string | null = null): Act {
    return { at: this.#options.context.clock.now(), actor, act, subject, reason };
  }

  /** False when there is no such lane. */
  wake(lane: LaneKey | undefined): boolean {
    const { inbound, outbound } = this.#options;
    if (lane !== undefined) (lane.startsWith('in/') ? inbound : outbound).wake(lane);
    return lane !== undefined;
  }
}
