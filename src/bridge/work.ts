/** One row of the journal together with everything that its handlers need to know about it. */
import type { MatrixAction } from '../matrix/read-event.ts';
import type { RoomEvent } from '../matrix/room-event.ts';
import type { EventId, PortalId } from '../model/ids.ts';
import type { RemoteEvent } from '../model/remote-event.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Portal } from '../store/portals.ts';
import type { Shown } from './feedback.ts';

/** What the sink writes into the journal. */
export interface JournalledEvent {
  readonly portal: PortalId;
  readonly event: RemoteEvent;
}

/** What a message that was passed on leaves in the journal, in the transaction that finishes it: its author is to know. */
export interface JournalledPassage {
  readonly portal: PortalId;
  readonly passedOn: EventId;
  /** What is to be said at it besides. */
  readonly hint?: string;
}

/** One row of the inbound journal with what it is about. */
export interface InboundWork<Event extends RemoteEvent = RemoteEvent> {
  readonly row: JournalRow;
  readonly portal: Portal;
  readonly event: Event;
  readonly signal: AbortSignal;
}

/** One row of the outbound journal with what it is about. */
export interface OutboundWork<Action extends MatrixAction = MatrixAction> {
  readonly row: JournalRow;
  readonly portal: Portal;
  readonly event: RoomEvent;
  readonly action: Action;
  readonly shown: Shown;
  readonly signal: AbortSignal;
}

/** Where what became of this row is shown. */
export const shownAt = (row: JournalRow, portal: Portal, event: RoomEvent): Shown => ({
  account: portal.accountId,
  portal: portal.id,
  room: event.room_id,
  event: event.event_id,
  attempt: row.id,
});
