/**
 * A row that an admin took out of its lane: whoever waits for it is told, on the side on which they can be told, and the
 * lane goes on. What the network may have already stays `uncertain`.
 */
import type { RoomEvent } from '../matrix/room-event.ts';
import type { JournalRow } from '../store/journal.ts';
import { isFeedbackLane, type Portal } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';
import type { BridgeContext } from './context.ts';
import type { Feedback } from './feedback.ts';
import { tellOutcome } from './outcomes.ts';
import { type JournalledEvent, type JournalledPassage, shownAt } from './work.ts';
import { words } from './words.ts';
import { conclude } from './recording.ts';

export class Dropping {
  readonly #context: BridgeContext;
  readonly #feedback: Feedback;

  constructor(context: BridgeContext, feedback: Feedback) {
    this.#context = context;
    this.#feedback = feedback;
  }

  /** `reason` is what the admin gave. */
  async handle(row: JournalRow, reason: string): Promise<void> {
    // The journal holds what sink and intake wrote: its shape is known.
    if (row.direction === 'in') await this.#tellRoom(row, row.payload as JournalledEvent | JournalledPassage, reason);
    else await this.#tellAuthor(row, row.payload as RoomEvent, reason);
    await this.#finish(row, reason);
  }

  /** Of what became of messages nobody misses the telling. */
  async #tellRoom(row: JournalRow, payload: JournalledEvent | JournalledPassage, reason: string): Promise<void> {
    const { store, sessions } = this.#context;
    const portal = await store.read.portals.get(payload.portal);
    if (portal?.roomId == null || isFeedbackLane(row.lane)) return;
    const { networkName } = sessions.get(portal.accountId);
    const where = { account: portal.accountId, portal: portal.id, room: portal.roomId, attempt: row.id };
    const said = words.droppedOnItsWayIn(networkName, new Date(row.receivedAt), reason);
    await this.#feedback.announce(where, 'dropped', said);
  }

  async #tellAuthor(row: JournalRow, event: RoomEvent, reason: string): Promise<void> {
    const { store, sessions } = this.#context;
    const portal = await store.read.portals.byRoom(event.room_id);
    if (portal === undefined) return;
    const { networkName } = sessions.get(portal.accountId);
    const states = (await store.read.parts.of(row.id)).map(({ state }) => state);
    const outcome = states.includes('sending') ? 'uncertain' : 'failed';
    const said = outcome === 'failed' ? words.dropped(networkName, reason) : words.droppedOnItsWay(networkName, reason);
    await this.#feedback.failed(shownAt(row, portal, event), outcome, said);
    tellOutcome(this.#context, { portal, row: row.id, direction: 'out', kind: 'message', outcome });
  }

  async #portalOf({ portals }: UnitOfWork, { direction, payload }: JournalRow): Promise<Portal | undefined> {
    if (direction === 'in') return portals.get((payload as JournalledEvent).portal);
    return portals.byRoom((payload as RoomEvent).room_id);
  }

  async #finish(row: JournalRow, reason: string): Promise<void> {
    const { store, clock, files } = this.#context;
    const now = clock.now();
    const unneeded = await store.write(async (unit) => {
      for (const { id, state } of await unit.parts.of(row.id)) {
        if (state === 'pending') await unit.parts.change(id, now, { state: 'failed', reason });
        if (state === 'sending') await unit.parts.change(id, now, { state: 'uncertain', reason });
      }
      const portal = await this.#portalOf(unit, row);
      await conclude(unit, row, portal, { state: 'failed', at: now, reason });
      return unit.parts.clearProgress(row.id);
    });
    await files.removeAll(unneeded);
  }
}
