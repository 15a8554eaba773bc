/**
 * Compares the ledger with the rooms: what is missing there, what lost its content there, what is missing here. Needs
 * nobody's key; whether the content is the same takes an officer's.
 */
import type { Acting } from '../matrix/acting.ts';
import type { Homeserver } from '../matrix/homeserver.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { Identifiers } from '../matrix/identifiers.ts';
import { isReadable, type RoomEvent } from '../matrix/room-event.ts';
import type { EventId, RoomId } from '../model/ids.ts';
import { examineLedger, type LedgerFinding, type LedgerParts } from '../ledger/examination.ts';
import type { Portal } from '../store/portals.ts';

export interface AuditParts extends LedgerParts {
  readonly homeserver: Homeserver;
  readonly identifiers: Identifiers;
  readonly bot: Acting;
}

export interface AuditFinding {
  readonly what: LedgerFinding['what'] | 'room gone' | 'missing there' | 'content gone there' | 'missing here';
  readonly words: string;
  readonly room?: RoomId;
  readonly event?: EventId;
}

const pageEvents = 500;
const said = new Set(['m.room.message', 'm.reaction', 'm.sticker', 'm.room.encrypted', 'm.poll.start']);

/** One after the other; nothing is changed anywhere. Throws `HomeserverError` where the homeserver is away. */
export async function* audit(parts: AuditParts): AsyncGenerator<AuditFinding> {
  yield* examineLedger(parts);
  for await (const portal of allPortals(parts))
    if (portal.roomId !== null) yield* auditRoom(parts, portal, portal.roomId);
}

async function* allPortals({ store }: AuditParts): AsyncGenerator<Portal> {
  for (let after = 0; ; ) {
    const some = await store.read.portals.page(after, 100);
    yield* some;
    const last = some.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

async function* auditRoom(parts: AuditParts, portal: Portal, room: RoomId): AsyncGenerator<AuditFinding> {
  const { entries, parts: told } = parts.store.read;
  let there: ReadonlyMap<EventId, RoomEvent>;
  try {
    there = await eventsOf(parts, room);
  } catch (thrown) {
    if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
    yield {
      what: 'room gone',
      room,
      words: `The room of chat ${portal.id} cannot be read any more: ${thrown.message}`,
    };
    return;
  }
  const recorded = await entries.eventsOf(portal.id);
  const here = new Set([...recorded.map(({ eventId }) => eventId), ...(await told.eventsOf(portal.id))]);
  for (const event of here) {
    const found = there.get(event);
    if (found === undefined)
      yield { what: 'missing there', room, event, words: 'It is on record, and no longer in its room.' };
    else if (isEmptied(found) && !isExplained(found, there, here))
      yield {
        what: 'content gone there',
        room,
        event,
        words: 'Its content is on record, and was taken away in its room; nothing on record says by whom.',
      };
  }
  const since = recorded[0]?.recordedAt ?? Number.POSITIVE_INFINITY;
  for (const event of there.values())
    if (
      said.has(event.type) &&
      event.origin_server_ts >= since &&
      !here.has(event.event_id) &&
      isOfPeople(parts, event)
    )
      yield { what: 'missing here', room, event: event.event_id, words: 'It is in the room, and not on record.' };
}

/** What the bot says is about what is on record; which event shows a contact's reaction is sealed. */
const isOfPeople = ({ bot, identifiers }: AuditParts, { sender, type }: RoomEvent): boolean =>
  sender !== bot.user && (type !== 'm.reaction' || !identifiers.isGhost(sender));

const isEmptied = ({ type, content, state_key: state }: RoomEvent): boolean =>
  said.has(type) && state === undefined && Object.keys(content).length === 0;

/** Somebody deleted it in the room, and that deletion is on record. */
function isExplained(
  { unsigned }: RoomEvent,
  there: ReadonlyMap<EventId, RoomEvent>,
  here: ReadonlySet<EventId>,
): boolean {
  const because = unsigned?.['redacted_because'] as { readonly event_id?: EventId } | undefined;
  const deletion = because?.event_id;
  return deletion !== undefined && there.has(deletion) && here.has(deletion);
}

async function eventsOf({ homeserver, bot }: AuditParts, room: RoomId): Promise<Map<EventId, RoomEvent>> {
  const found = new Map<EventId, RoomEvent>();
  for (let from: string | undefined; ; ) {
    const page = await homeserver.messages(
      { as: bot, room },
      { limit: pageEvents, ...(from === undefined ? {} : { from }) },
    );
    for (const event of page.events) if (isReadable(event)) found.set(event.event_id, event);
    if (page.next === undefined || page.events.length === 0) return found;
    from = page.next;
  }
}
