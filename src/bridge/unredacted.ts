/**
 * What was deleted before it came here, as after an outage, comes without its content. The homeserver may still give it
 * to who may delete in the room (MSC2815; Synapse: `experimental_features.msc2815_enabled`). It is for the record only.
 */
import { readEvent } from '../matrix/read-event.ts';
import { isReadable, type RoomEvent } from '../matrix/room-event.ts';
import type { EventId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';

/** Told of more in one transaction, the homeserver would wait too long for its answer. */
const maxEvents = 200;
const atOnce = 10;
const altogetherMs = 10_000;

/** As they were before, by their ids: those that the homeserver still gives. Whatever happens there, it does not throw. */
export async function unredacted(
  context: BridgeContext,
  events: readonly RoomEvent[],
): Promise<ReadonlyMap<EventId, RoomEvent>> {
  const found = new Map<EventId, RoomEvent>();
  if (!context.isRecorded) return found;
  const until = performance.now() + altogetherMs;
  const emptied = events.filter(isEmptied).slice(0, maxEvents);
  for (let at = 0; at < emptied.length && performance.now() < until; at += atOnce)
    await Promise.all(
      emptied.slice(at, at + atOnce).map(async (event) => {
        const whole = await wholeOf(context, event);
        if (whole !== undefined) found.set(event.event_id, whole);
      }),
    );
  return found;
}

function isEmptied(event: RoomEvent): boolean {
  const action = readEvent(event);
  return action.kind === 'ignored' && action.why === 'redacted';
}

async function wholeOf(
  { homeserver, bot, store, log }: BridgeContext,
  event: RoomEvent,
): Promise<RoomEvent | undefined> {
  const { event_id: id, room_id: room } = event;
  if ((await store.read.portals.byRoom(room)) === undefined || (await store.read.journal.has('out', id)))
    return undefined;
  try {
    const whole = await homeserver.getUnredacted({ as: bot, room }, id);
    if (whole === undefined || !isReadable(whole) || Object.keys(whole.content).length === 0) return undefined;
    const isSame = whole.event_id === id && whole.sender === event.sender && whole.type === event.type;
    return isSame ? { ...event, content: whole.content, unsigned: {} } : undefined;
  } catch (thrown) {
    log.warn({ err: thrown, event: id }, 'the homeserver does not give what was deleted before it came here');
    return undefined;
  }
}
