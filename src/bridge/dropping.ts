/**
 * A row that an admin took out of its lane: whoever waits for it is told, on the side on which they can be told, and the
 * lane goes on. What the network may have already stays `uncertain`.
 */
import { renderNotice } from '../matrix/render.ts';
import type { RoomEvent } from '../matrix/room-event.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import type { PortalId } from '../model/ids.ts';
import type { JournalRow } from '../store/journal.ts';
import type { BridgeContext } from './context.ts';
import type { Feedback } from './feedback.ts';
import { shownAt, type JournalledEvent } from './work.ts';
import { words } from './words.ts';

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
    if (row.direction === 'in') await this.#tellRoom(row, (row.payload as JournalledEvent).portal, reason);
    else await this.#tellAuthor(row, row.payload as RoomEvent, reason);
    await this.#finish(row, reason);
  }

  async #tellRoom(row: JournalRow, id: PortalId, reason: string): Promise<void> {
    const { store, sessions, homeserver, bot } = this.#context;
    const portal = await store.read.portals.get(id);
    if (portal?.roomId == null) return;
    const { networkName } = sessions.get(portal.accountId);
    const said = renderNotice(words.droppedOnItsWayIn(networkName, new Date(row.receivedAt), reason));
    const part = `dropped ${row.id}`;
    const transactionId = transactionIdOf({ account: portal.accountId, remote: row.dedupeKey, part, sender: bot.user });
    const { roomId: room } = portal;
    await this.#feedback.unlessRefused(() => homeserver.sendEvent({ as: bot, room, ...said, transactionId }));
  }

  async #tellAuthor(row: JournalRow, event: RoomEvent, reason: string): Promise<void> {
    const { store, sessions } = this.#context;
    const portal = await store.read.portals.byRoom(event.room_id);
    if (portal === undefined) return;
    const { networkName } = sessions.get(portal.accountId);
    await this.#feedback.failed(shownAt(row, portal, event), 'failed', words.dropped(networkName, reason));
  }

  async #finish(row: JournalRow, reason: string): Promise<void> {
    const { store, clock, files } = this.#context;
    const now = clock.now();
    const unneeded = await store.write(async (unit) => {
      for (const { id, state } of await unit.parts.of(row.id)) {
        if (state === 'pending') await unit.parts.change(id, now, { state: 'failed', reason });
        if (state === 'sending') await unit.parts.change(id, now, { state: 'uncertain', reason });
      }
      await unit.journal.finish(row.id, 'failed', now, reason);
      return unit.parts.clearProgress(row.id);
    });
    await files.removeAll(unneeded);
  }
}
