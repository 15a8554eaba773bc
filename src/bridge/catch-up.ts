/**
 * After an outage of either side, what rooms hold is compared with what the journal knows, and what is missing is
 * taken in, oldest first, by the same way as everything else: an event that was known is not taken twice.
 */
import { isReadable, type RoomEvent } from '../matrix/room-event.ts';
import type { RoomId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';
import type { Intake } from './intake.ts';

/** Portals without a word for so long are not looked at. */
const activeWithinMs = 30 * 24 * 3_600_000;
const maxPortals = 5_000;
const firstPage = 20;
const furtherPages = 100;
const pagesOfARoom = 20;

export class CatchUp {
  readonly #context: BridgeContext;
  readonly #intake: Intake;

  constructor(context: BridgeContext, intake: Intake) {
    this.#context = context;
    this.#intake = intake;
  }

  /** Compares every active portal; resolves to the number of events that had been missed. */
  async run(signal: AbortSignal): Promise<number> {
    const { store, clock, log } = this.#context;
    let missed = 0;
    for (const { id, roomId } of await store.read.portals.active(clock.now() - activeWithinMs, maxPortals)) {
      if (signal.aborted) break;
      if (roomId === null) continue;
      try {
        const events = await this.#unknownEvents(roomId);
        missed += await this.#intake.accept({ events, unreadable: [] });
      } catch (thrown) {
        log.warn({ portal: id, err: thrown }, 'a room could not be compared with the journal');
      }
    }
    if (missed > 0) log.warn({ missed }, 'events that the homeserver had not delivered were taken in');
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
