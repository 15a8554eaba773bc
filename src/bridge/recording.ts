/** What goes into the ledger, in the transaction that changes the state of what happened. */
import type { RoomEvent } from '../matrix/room-event.ts';
import type { Happening } from '../model/happening.ts';
import type { EventId, RemoteMessageId } from '../model/ids.ts';
import type { RemoteEvent } from '../model/remote-event.ts';
import type { Act } from '../store/acts.ts';
import type { JournalEntry, JournalRow } from '../store/journal.ts';
import type { Part, PartProgress } from '../store/parts.ts';
import type { Portal } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';
import { happeningOf, happeningsOf, personOf } from './happenings.ts';
import { withoutPerson, withPerson } from './people.ts';

/** What a network told comes into the journal, and on record. False when it was there already. */
export async function journalRemote(
  unit: UnitOfWork,
  portal: Portal,
  event: RemoteEvent,
  entry: JournalEntry,
): Promise<boolean> {
  const isNothing = event.kind === 'history-batch' && event.messages.length === 0;
  if (!(await unit.journal.add(entry, isNothing ? null : unit.ledger.next))) return false;
  if (unit.ledger.next === null) return true;
  const chat = await peopleAfter(unit, portal, event);
  for (const happening of happeningsOf(event, chat)) await unit.ledger.record(happening);
  return true;
}

/**
 * What was said in a room comes into the journal, and, in that of a chat, on record. False when it was there already.
 * `whole`: as it was, where it had been deleted before it came here.
 */
export async function journalRoomEvent(
  unit: UnitOfWork,
  portal: Portal | undefined,
  event: RoomEvent,
  entry: JournalEntry,
  whole?: RoomEvent,
): Promise<boolean> {
  if (!(await unit.journal.add(entry, portal === undefined ? null : unit.ledger.next))) return false;
  if (portal === undefined || unit.ledger.next === null) return true;
  const happening = happeningOf(whole ?? event, await peopleAfterState(unit, portal, event));
  await unit.ledger.record(whole === undefined ? happening : { ...happening, reason: deletedBefore });
  return true;
}

const deletedBefore = 'It was deleted before it came here: this is what the homeserver still had.';

/** Of a room, and nothing that anybody has to do something about. Told twice, it is recorded once. */
export async function recordState(unit: UnitOfWork, event: RoomEvent): Promise<void> {
  if (unit.ledger.next === null || (await unit.ledger.hasEvent(event.event_id))) return;
  const portal = await unit.portals.byRoom(event.room_id);
  if (portal !== undefined) await unit.ledger.record(happeningOf(event, await peopleAfterState(unit, portal, event)));
}

export interface Conclusion {
  readonly state: 'done' | 'failed';
  readonly at: number;
  readonly reason?: string | null;
  /** What came of it on the other side, part by part. */
  readonly parts?: readonly Pick<Part, 'number' | 'state' | 'remoteId' | 'eventId' | 'reason' | 'progress'>[];
}

/** The row is over, and what came of it is on record. */
export async function conclude(
  unit: UnitOfWork,
  row: JournalRow,
  chat: Portal | undefined,
  { state, at, reason = null, parts = [] }: Conclusion,
): Promise<void> {
  if (row.entry !== null) {
    const media = parts.flatMap(({ progress }) => mediaIn(progress));
    const outcome: Happening = {
      kind: 'outcome',
      ...(chat === undefined ? {} : { chat }),
      at,
      direction: row.direction,
      of: row.entry,
      state,
      ...(parts.length === 0 ? {} : { content: { parts: parts.map(toldOf) } }),
      ...(media.length === 0 ? {} : { media }),
      ...(reason === null ? {} : { reason }),
    };
    await unit.ledger.record(outcome);
  }
  // Why something is not sent stands at the message and on record; the journal keeps it of what failed.
  await unit.journal.finish(row.id, state, at, state === 'failed' ? reason : null);
}

/** What somebody with rights did, on record twice: where admins list it, and in the ledger. */
export async function recordAct(unit: UnitOfWork, act: Act): Promise<void> {
  await unit.acts.add(act);
  const { at, actor, act: what, subject, reason } = act;
  const told = { kind: 'act', at, author: { user: actor }, content: { act: what, subject } } as const;
  await unit.ledger.record(reason === null ? told : { ...told, reason });
}

const toldOf = ({ number, state, remoteId, eventId, reason }: NonNullable<Conclusion['parts']>[number]): object => ({
  part: number,
  state,
  ...given<'remote', RemoteMessageId>('remote', remoteId),
  ...given<'event', EventId>('event', eventId),
  ...given('reason', reason),
});

/** The file as it was sent, whatever was made of it on the way. */
function mediaIn({ file, uri: mxc, mimeType: mimetype }: PartProgress): NonNullable<Happening['media']> {
  if (file === undefined) return [];
  const place = { ...(mxc === undefined ? {} : { mxc }), ...(mimetype === undefined ? {} : { mimetype }) };
  return [{ sha256: file.sha256, bytes: file.sizeBytes, ...place }];
}

const given = <Key extends string, Value>(key: Key, value: Value | null): Partial<Record<Key, Value>> =>
  value === null ? {} : ({ [key]: value } as Partial<Record<Key, Value>>);

async function peopleAfter(unit: UnitOfWork, portal: Portal, event: RemoteEvent): Promise<Portal> {
  if (event.kind === 'membership') {
    let chat = portal;
    for (const person of event.joined) chat = await withPerson(unit, chat, personOf(person));
    for (const person of event.left) chat = await withoutPerson(unit, chat, personOf(person));
    return chat;
  }
  if (!('from' in event) || 'own' in event) return portal;
  return withPerson(unit, portal, personOf(event.from));
}

async function peopleAfterState(unit: UnitOfWork, portal: Portal, event: RoomEvent): Promise<Portal> {
  const { type, state_key: user, content } = event;
  if (type !== 'm.room.member' || user === undefined) return portal;
  const name = typeof content['displayname'] === 'string' ? { name: content['displayname'] } : {};
  if (content['membership'] === 'join') return withPerson(unit, portal, { user, ...name });
  return content['membership'] === 'invite' ? portal : withoutPerson(unit, portal, { user });
}
