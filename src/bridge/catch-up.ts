/**
 * A homeserver that died forgets what it had not pushed yet, and one that we were away from may push out of order. After
 * every start of ours and every sign of either, what rooms hold is compared with what the journal knows, and what is
 * missing is taken in, oldest first, by the same way as everything else: an event that was known is not taken twice. A
 * room in which something new arrives is compared before that is taken, so that the order stays; then all the others.
 */
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { isReadable, type RoomEvent, type UnreadableEvent } from '../matrix/room-event.ts';
import type { EventId, RoomId } from '../model/ids.ts';
import type { Portal } from '../store/portals.ts';
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
/** What is said while rooms are compared may be stuck in the homeserver as well: so much later all are compared again. */
const secondLookMs = 10_000;
/** So long a transaction is put off because a room in it cannot be compared; then the room is left out for a while. */
const patienceMs = 20_000;
const leftOutForMs = 10 * 60_000;

export class CatchUp {
  readonly #context: BridgeContext;
  readonly #intake: Intake;
  /** Compared since the last sign that something is missing. */
  #compared = new RecentSet(rememberedRooms);
  /** Rooms that could not be compared, by the clock of `performance`. */
  readonly #sickSince = new Map<RoomId, number>();
  #isWanted = true;
  /** Whether a first look has been since the last sign. */
  #isSecond = false;
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
    this.#isSecond = false;
  }

  /** Milliseconds until `run` is due; undefined while there is no reason for it. */
  get dueInMs(): number | undefined {
    return this.#isWanted ? Math.max(0, this.#restsUntil - performance.now()) : undefined;
  }

  /**
   * Compares the rooms of these events where that is due. Throws `HomeserverError` when it cannot be done now, so that
   * the transaction comes again; a room that stays sick does not hold up the others for longer than a moment.
   */
  async before(events: readonly RoomEvent[]): Promise<void> {
    const rooms = new Set(events.filter((event) => this.#intake.concernsUs(event)).map((event) => event.room_id));
    const delivered = new Set(events.map((event) => event.event_id));
    for (const room of rooms) {
      if (this.#compared.has(room) || this.#isSick(room)) continue;
      const portal = await this.#context.store.read.portals.byRoom(room);
      if (portal !== undefined) await this.#compareFirst(portal, room, delivered);
    }
  }

  /** Compares every active portal; resolves to the number of events that had been missed. */
  async run(signal: AbortSignal): Promise<number> {
    const { store, clock } = this.#context;
    const began = performance.now();
    const isSecond = this.#isSecond;
    this.#isWanted = !isSecond;
    this.#isSecond = true;
    let missed = 0;
    try {
      for (const portal of await store.read.portals.active(clock.now() - activeWithinMs, maxPortals)) {
        if (signal.aborted) break;
        const { roomId: room } = portal;
        if (room !== null && (isSecond || !this.#compared.has(room))) missed += await this.#compareInTurn(portal, room);
      }
      return missed;
    } finally {
      const ended = performance.now();
      const restMs = Math.max(leastRestMs, restPerWork * (ended - began));
      this.#restsUntil = ended + (isSecond ? restMs : Math.max(restMs, secondLookMs));
    }
  }

  async #compareFirst(portal: Portal, room: RoomId, delivered: ReadonlySet<EventId>): Promise<void> {
    try {
      await this.#compare(portal, room, delivered);
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError)) throw thrown;
      const since = this.#sickSince.get(room) ?? performance.now();
      this.#sickSince.set(room, since);
      if (performance.now() - since < patienceMs) throw thrown;
      this.#isWanted = true;
      this.#context.log.warn(
        { portal: portal.id, room, err: thrown },
        'a room could not be compared before something new in it was taken',
      );
    }
  }

  /** Tried in vain for long enough: transactions go on without it, until it is tried anew. */
  #isSick(room: RoomId): boolean {
    const forMs = performance.now() - (this.#sickSince.get(room) ?? Infinity);
    if (forMs > leftOutForMs) this.#sickSince.delete(room);
    return forMs >= patienceMs && forMs <= leftOutForMs;
  }

  /** One that cannot be compared now does not keep the others from it, and has its turn in the next run. */
  async #compareInTurn(portal: Portal, room: RoomId): Promise<number> {
    try {
      return await this.#compare(portal, room);
    } catch (thrown) {
      this.#isWanted = true;
      this.#context.log.warn({ portal: portal.id, room, err: thrown }, 'a room could not be compared with the journal');
      return 0;
    }
  }

  /** What is just being `delivered` is in the room too, and was not missed. */
  async #compare(portal: Portal, room: RoomId, delivered: ReadonlySet<EventId> = new Set()): Promise<number> {
    const { log, store } = this.#context;
    const compared = this.#compared;
    let missed = 0;
    try {
      const { events, unreadable, newest } = await this.#unknown(room, portal.comparedUpTo);
      const taken = await this.#intake.accept({ events, unreadable });
      missed = Math.max(0, taken - events.filter((event) => delivered.has(event.event_id)).length);
      if (newest !== undefined) await store.write((unit) => unit.portals.change(portal.id, { comparedUpTo: newest }));
    } catch (thrown) {
      // A room that the bot may not look into would otherwise hold up everything that the homeserver pushes.
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
      log.warn(
        { portal: portal.id, room, err: thrown },
        'the bot cannot look into this room: what the homeserver lost stays unknown',
      );
    }
    compared.add(room);
    this.#sickSince.delete(room);
    if (missed > 0)
      log.warn({ portal: portal.id, room, missed }, 'events that the homeserver had not delivered were taken in');
    return missed;
  }

  /** What is not in the journal, oldest first, back to where the last comparison began. */
  async #unknown(room: RoomId, upTo: EventId | null): Promise<Unknown> {
    const { homeserver, bot, store, log } = this.#context;
    const events: RoomEvent[] = [];
    const unreadable: UnreadableEvent[] = [];
    let newest: EventId | undefined;
    const found = (): Unknown => ({ events: events.toReversed(), unreadable, newest });
    let from: string | undefined;
    for (let page = 0; page < pagesOfARoom; page += 1) {
      const paging = { limit: page === 0 ? firstPage : furtherPages, ...(from === undefined ? {} : { from }) };
      const history = await homeserver.messages({ as: bot, room }, paging);
      for (const event of history.events) {
        if (!isReadable(event)) {
          unreadable.push(event);
          continue;
        }
        if (event.event_id === upTo) return found();
        newest ??= event.event_id;
        if (this.#intake.concernsUs(event) && !(await store.read.journal.has('out', event.event_id)))
          events.push(event);
      }
      if (history.next === undefined) return found();
      from = history.next;
    }
    log.error({ room }, 'a room holds more than is looked through: older events may be missing');
    return found();
  }
}

interface Unknown {
  readonly events: readonly RoomEvent[];
  readonly unreadable: readonly UnreadableEvent[];
  /** Undefined when nothing is newer than the last comparison. */
  readonly newest: EventId | undefined;
}
