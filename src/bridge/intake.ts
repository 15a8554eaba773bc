/**
 * Where the homeserver delivers, by transactions and by the comparison after an outage: events become durable, once
 * each by their event id, in the lane of their room. Only after that is the homeserver told "received".
 */
import { createHash } from 'node:crypto';
import { reached } from '../base/named-points.ts';
import type { RoomEvent, UnreadableEvent } from '../matrix/room-event.ts';
import type { TransactionBatch } from '../matrix/transactions.ts';
import { asId, type LaneKey } from '../model/ids.ts';
import { commandLane, outboundLane } from '../store/portals.ts';
import { isCommand } from './bot-room.ts';
import type { BridgeContext } from './context.ts';
import { journalRoomEvent, recordState } from './recording.ts';
import { templateType } from './template-sending.ts';
import { unredacted } from './unredacted.ts';

export class Intake {
  readonly #context: BridgeContext;
  readonly #wake: (lane: LaneKey) => void;

  constructor(context: BridgeContext, wake: (lane: LaneKey) => void) {
    this.#context = context;
    this.#wake = wake;
  }

  /** Resolves to the number of events that were new, once all are durable. Throws `CH-STORE-*`. */
  async accept({ events, unreadable }: Pick<TransactionBatch, 'events' | 'unreadable'>): Promise<number> {
    const wanted = events.filter((event) => this.concernsUs(event));
    const others = this.#context.isRecorded ? events.filter((event) => this.#isRecordOnly(event)) : [];
    if (wanted.length + others.length + unreadable.length === 0) return 0;
    reached('outbound.received');
    const { store, clock } = this.#context;
    const whole = await unredacted(this.#context, wanted);
    const fresh = await store.write(async (unit) => {
      const lanes: LaneKey[] = [];
      for (const event of wanted) {
        const lane = laneOf(event);
        const entry = {
          direction: 'out',
          dedupeKey: event.event_id,
          lane,
          payload: event,
          receivedAt: clock.now(),
        } as const;
        const portal = await unit.portals.byRoom(event.room_id);
        if (await journalRoomEvent(unit, portal, event, entry, whole.get(event.event_id))) lanes.push(lane);
      }
      for (const event of others) await recordState(unit, event);
      for (const event of unreadable) await unit.journal.quarantine(quarantineEntry(event, clock.now()), event.reason);
      return lanes;
    });
    reached('outbound.accepted');
    for (const lane of new Set(fresh)) this.#wake(lane);
    return fresh.length;
  }

  /** State that others change, of which nothing has to be done: names, topics, rights, who of them is in the room. */
  #isRecordOnly(event: RoomEvent): boolean {
    const { identifiers } = this.#context;
    return event.state_key !== undefined && !identifiers.isOurs(event.sender) && !this.concernsUs(event);
  }

  /** What others say in rooms, and invitations of our own users. Our own echoes and other state are not for us. */
  concernsUs(event: RoomEvent): boolean {
    const { identifiers } = this.#context;
    if (identifiers.isOurs(event.sender) || event.type === templateType) return false;
    if (event.state_key === undefined) return true;
    return event.type === 'm.room.member' && identifiers.isOurs(asId(event.state_key));
  }
}

const laneOf = ({ room_id: room, content: { body } }: RoomEvent): LaneKey =>
  typeof body === 'string' && isCommand(body) ? commandLane(room) : outboundLane(room);

function quarantineEntry({ event, raw }: UnreadableEvent, receivedAt: number) {
  const dedupeKey = event ?? `unreadable ${createHash('sha256').update(raw).digest('hex')}`;
  return { direction: 'out', dedupeKey, lane: asId<LaneKey>('out/unreadable'), payload: raw, receivedAt } as const;
}
