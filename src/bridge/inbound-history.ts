/**
 * What was said before the bridge was there: it waits until the network has told everything, and is then said in order,
 * with its own times, before anything new of the same chat. A crash in the middle is gone on from.
 */
import { isReadable } from '../matrix/room-event.ts';
import type { HistoryBatchEvent, MessageEvent } from '../model/remote-event.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Part } from '../store/parts.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { InboundMessages } from './inbound-message.ts';
import type { PortalRooms } from './portal-rooms.ts';
import type { InboundWork, JournalledEvent } from './work.ts';
import { conclude } from './recording.ts';

/** One message of a batch: the row that brought it, and its place there. */
interface Told {
  readonly row: JournalRow;
  readonly place: number;
  readonly event: MessageEvent;
}

const batchesAtOnce = 500;
/** Of one message; the longest text has fewer. */
const partsOfOne = 100;

export class InboundHistory {
  readonly #context: BridgeContext;
  readonly #rooms: PortalRooms;
  readonly #messages: InboundMessages;

  constructor(context: BridgeContext, rooms: PortalRooms, messages: InboundMessages) {
    this.#context = context;
    this.#rooms = rooms;
    this.#messages = messages;
  }

  /** Throws `TryAgain` while more of the history may come. */
  async handle({ row, portal, signal }: InboundWork<HistoryBatchEvent>): Promise<void> {
    const { store, clock } = this.#context;
    const batches = await this.#batchesIn(row);
    const now = clock.now();
    const restMs = Math.max(...batches.map((each) => each.row.receivedAt + each.event.settlesAfterMs - now));
    // A clock that was set back must not make this longer.
    if (restMs > 0 && row.attempts < 5) throw new TryAgain('waits for the rest of the history', restMs);
    const ready = { ...portal, roomId: await this.#rooms.ensure(portal) };
    for (const told of inOrder(batches)) {
      if (signal.aborted) throw new TryAgain('goes on with the history after the next start', 0);
      await this.#tell(ready, told, signal);
    }
    const unneeded = await store.write(async (unit) => {
      await conclude(unit, row, portal, { state: 'done', at: now });
      return unit.parts.clearProgress(row.id);
    });
    await this.#context.files.removeAll(unneeded);
  }

  /** What is on record already is not said again. */
  async #tell(portal: Portal, { row, place, event }: Told, signal: AbortSignal): Promise<void> {
    const { store } = this.#context;
    const known = await store.read.parts.byRemoteId(portal.id, event.message);
    const isElsewhere = known !== undefined && known.journalId !== row.id;
    if (isElsewhere && !(await this.#isWaitedFor(portal, known, event))) return;
    const shown = isElsewhere ? { ...event, replyTo: event.message } : event;
    const said = await this.#messages.tell({ row, portal, event: shown, signal }, place * partsOfOne);
    await store.write(async (unit) => {
      for (const part of said) await unit.parts.record(part);
    });
  }

  /** A file, where the room so far has the word only that there was one: it answers to that word. */
  async #isWaitedFor({ roomId: room }: Portal, { eventId }: Part, { content }: MessageEvent): Promise<boolean> {
    if (content.type !== 'media' || room === null || eventId === null) return false;
    const { homeserver, bot } = this.#context;
    const shown = await homeserver.getEvent({ as: bot, room }, eventId);
    return shown !== undefined && isReadable(shown) && shown.content['msgtype'] === 'm.notice';
  }

  /** Everything of the history that waits in this lane. */
  async #batchesIn({ lane }: JournalRow): Promise<{ row: JournalRow; event: HistoryBatchEvent }[]> {
    const rows = await this.#context.store.read.journal.open(lane, batchesAtOnce);
    return rows.flatMap((row) => {
      const { event } = row.payload as Partial<JournalledEvent>;
      return event?.kind === 'history-batch' ? [{ row, event }] : [];
    });
  }
}

/** By time; of what was told twice the file counts, and else what came first. */
function inOrder(batches: readonly { readonly row: JournalRow; readonly event: HistoryBatchEvent }[]): Told[] {
  const byMessage = new Map<string, Told>();
  for (const { row, event } of batches) {
    for (const [place, message] of event.messages.entries()) {
      const before = byMessage.get(message.message);
      if (before === undefined || (before.event.content.type !== 'media' && message.content.type === 'media'))
        byMessage.set(message.message, { row, place, event: message });
    }
  }
  return [...byMessage.values()].sort((one, other) => one.event.at - other.event.at);
}
