/** What admins may see and do, for the bot and the command line alike. */
import { isReadable } from '../matrix/room-event.ts';
import type { JournalId, PartId } from '../model/ids.ts';
import type { Journal, JournalRow } from '../store/journal.ts';
import type { Part } from '../store/parts.ts';
import { outboundLane, type Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import type { HomeserverLink } from './homeserver-link.ts';
import type { Lanes } from './lanes.ts';

const attemptsBeforeAttention = 5;
const listed = 50;
const activeForEver = 0;

export interface BridgeStatus {
  readonly homeserver: string;
  readonly accounts: readonly { readonly id: string; readonly name: string }[];
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
      accounts: sessions.all().map(({ session }) => ({ id: session.account.id, name: session.account.displayName })),
      portals: await store.read.portals.counts(),
      journal: await store.read.journal.counts(),
      messages: { uncertain, failed },
    };
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

  /** Makes a waiting or parked row due at once; false when there is none of this number. */
  async retryRow(id: JournalId): Promise<boolean> {
    const { context, inbound, outbound } = this.#options;
    const lane = await context.store.write((unit) => unit.journal.release(id));
    if (lane === undefined) return false;
    (lane.startsWith('in/') ? inbound : outbound).wake(lane);
    return true;
  }

  /**
   * Sends a message again that failed or is uncertain. Its words are asked of the homeserver, because nothing of a
   * finished message is kept here.
   */
  async retryMessage(id: PartId): Promise<string> {
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
    const lane = outboundLane(portal.roomId);
    await store.write(async (unit) => {
      const dedupeKey = `${event.event_id} again ${id}`;
      await unit.journal.add({ direction: 'out', dedupeKey, lane, payload: event, receivedAt: clock.now() });
      await unit.parts.change(id, clock.now(), { state: 'superseded' });
    });
    this.#options.outbound.wake(lane);
    return `Message ${id} is sent again.`;
  }
}
