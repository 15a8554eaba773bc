/**
 * A homeserver that died forgets what it had not pushed yet, and one that we were away from may push out of order. After
 * every start of ours and every sign of either, what rooms hold is compared with what the journal knows, and what is
 * missing is taken in, oldest first, by the same way as everything else: an event that was known is not taken twice. A
 * room in which something new arrives is compared before that is taken, so that the order stays; then all the others.
 */
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { isReadable, type RoomEvent } from '../matrix/room-event.ts';
import type { RoomId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';
import type { Intake } from './intake.ts';
import { RecentSet } from './recent-set.ts';

/** Portals without a word for so long are not looked at. */
const activeWithinMs = 30 * 24 * 3_600_000;
const maxPortals = 5_000;
const firstPage = 20;
const furtherPages = 100;
const pagesOfARoom = 20;
const rememberedRooms = 20_000;
/** Comparing everything takes at most so much of the time, however often something is suspected. */
const leastRestMs = 2_000;
const restPerWork = 9;

export class CatchUp {
  readonly #context: BridgeContext;
  readonly #intake: Intake;
  /** Compared since the last sign that something is missing. */
  #compared = new RecentSet(rememberedRooms);
  #isWanted = true;
  /** On the clock of `performance`, which never goes back. */
  #restsUntil = 0;

  constructor(context: BridgeContext, intake: Intake) {
    this.#context = context;
    this.#intake = intake;
  }

  /** From now on every room has to be compared anew. */
  suspect(): void {
    this.#compared = new RecentSet(rememberedRooms);
    this.#isWanted = true;
  }

  /** Milliseconds until `run` is due; undefined while there is no reason for it. */
  get dueInMs(): number | undefined {
    return this.#isWanted ? Math.max(0, this.#restsUntil - performance.now()) : undefined;
  }

  /** Compares the rooms of these events where that is due. Throws `HomeserverError` when it cannot be done now. */
  async before(events: readonly RoomEvent[]): Promise<void> {
    const rooms = new Set(events.filter((event) => this.#intake.concernsUs(event)).map((event) => event.room_id));
    for (const room of rooms) {
      if (this.#compared.has(room)) continue;
      if ((await this.#context.store.read.portals.byRoom(room)) !== undefined) await this.#compare(room);
    }
  }

  /** Compares every active portal; resolves to the number of events that had been missed. */
  async run(signal: AbortSignal): Promise<number> {
    const { store, clock } = this.#context;
    const began = performance.now();
    this.#isWanted = false;
    let missed = 0;
    try {
      for (const { roomId } of await store.read.portals.active(clock.now() - activeWithinMs, maxPortals)) {
        if (signal.aborted) break;
        if (roomId !== null && !this.#compared.has(roomId)) missed += await this.#compareInTurn(roomId);
      }
      return missed;
    } finally {
      const ended = performance.now();
      this.#restsUntil = ended + Math.max(leastRestMs, restPerWork * (ended - began));
    }
  }

  /** One that cannot be compared now does not keep the others from it, and has its turn in the next run. */
  async #compareInTurn(room: RoomId): Promise<number> {
    try {
      return await this.#compare(room);
    } catch (thrown) {
      this.#isWanted = true;
      this.#context.log.warn({ room, err: thrown }, 'a room could not be compared with the journal');
      return 0;
    }
  }

  async #compare(room: RoomId): Promise<number> {
    const { log } = this.#context;
    const compared = this.#compared;
    let missed = 0;
    try {
      missed = await this.#intake.accept({ events: await this.#unknownEvents(room), unreadable: [] });
    } catch (thrown) {
      // A room that the bot may not look into would otherwise hold up everything that the homeserver pushes.
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
      log.warn({ room, err: thrown }, 'the bot cannot look into this room: what the homeserver lost stays unknown');
    }
    compared.add(room);
    if (missed > 0) log.warn({ room, missed }, 'events that the homeserver had not delivered were taken in');
    return missed;
  }

  /** Goes back until a page holds something that was received, and nothing that was not. */
  async #unknownEvents(room: RoomId): Promise<RoomEvent[]> {
    const { homeserver, bot, store, log } = this.#context;
    const unknown: RoomEvent[] = [];
    let from: string | undefined;
    for (let page = 0; page < pagesOfARoom; page += 1) {
      const paging = { limit: page === 0 ? firstPage : furtherPages, ...(from === undefined ? {} : { from }) };
      const { events, next } = await homeserver.messages({ as: bot, room }, paging);
      const concerning = events.filter(isReadable).filter((event) => this.#intake.concernsUs(event));
      let known = 0;
      for (const event of concerning) {
        if (await store.read.journal.has('out', event.event_id)) known += 1;
        else unknown.push(event);
      }
      if (next === undefined || (known > 0 && known === concerning.length)) return unknown.toReversed();
      from = next;
    }
    log.error({ room }, 'a room holds more than is looked through: older events may be missing');
    return unknown.toReversed();
  }
}
