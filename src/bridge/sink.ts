/**
 * Where networks deliver: events and the adapter's own writes become durable together, once each, in the lane of
 * their portal. Only after that may the network be told "received".
 */
import { createHash } from 'node:crypto';
import { reached } from '../base/named-points.ts';
import { type AccountId, asId, type LaneKey, type SendKey } from '../model/ids.ts';
import { advance } from '../model/message-state.ts';
import { isReceipt, type ReceiptEvent, type RemoteEvent, stateToldBy } from '../model/remote-event.ts';
import type { AdapterState, Sink } from '../networks/contract.ts';
import { journalRemote } from './recording.ts';
import type { JournalledEvent } from './work.ts';
import { feedbackLane, inboundLane, type Portal } from '../store/portals.ts';
import type { Store, UnitOfWork } from '../store/store.ts';

export interface SinkOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly wake: (lane: LaneKey) => void;
}

export function createSink({ store, now, wake }: SinkOptions): Sink {
  return {
    async accept(account, decode) {
      reached('inbound.received');
      const lanes = await store.write(async (unit) => {
        const touched = new Set<LaneKey>();
        for (const event of await decode(stateIn(unit, account))) {
          const lane = await journal(unit, account, event, now());
          if (lane !== undefined) touched.add(lane);
        }
        return touched;
      });
      reached('inbound.accepted');
      for (const lane of lanes) wake(lane);
    },

    async quarantine(account, reason, raw) {
      const payload = Buffer.from(raw).toString('base64');
      const dedupeKey = `${account} quarantine ${createHash('sha256').update(raw).digest('hex')}`;
      await store.write((unit) =>
        unit.journal.quarantine(
          { direction: 'in', dedupeKey, lane: asId(`in/${account}`), payload, receivedAt: now() },
          reason,
        ),
      );
    },
  };
}

export const stateIn = (unit: UnitOfWork, account: AccountId): AdapterState => ({
  get: (key) => unit.accounts.stateOf(account, key),
  put: (key, value) => unit.accounts.putState(account, key, value),
});

/** The lane that has something new to do, if any. */
async function journal(
  unit: UnitOfWork,
  account: AccountId,
  event: RemoteEvent,
  now: number,
): Promise<LaneKey | undefined> {
  const portal = await portalOf(unit, account, event, now);
  if (portal === undefined) return undefined;
  const lane = isReceipt(event) ? await laneOfReceipt(unit, portal, event) : inboundLane(portal.id);
  if (lane === undefined) return undefined;
  const dedupeKey = `${account} ${event.id}`;
  const payload: JournalledEvent = { portal: portal.id, event };
  const entry = { direction: 'in', dedupeKey, lane, payload, receivedAt: now } as const;
  return (await journalRemote(unit, portal, event, entry)) ? lane : undefined;
}

/**
 * Undefined for what we were told already, by the answer to our call or by a later receipt. Bad news, and evidence that
 * somebody may wait for, goes with the messages; good news after them.
 */
async function laneOfReceipt(unit: UnitOfWork, portal: Portal, event: ReceiptEvent): Promise<LaneKey | undefined> {
  const part = await unit.parts.byRemoteId(portal.id, event.message);
  const state = stateToldBy(event);
  if (part !== undefined && advance(part.state, state) === part.state) return undefined;
  return part === undefined || state === 'failed' ? inboundLane(portal.id) : feedbackLane(portal.id);
}

/**
 * What became of a message says nothing in a chat that has no portal, unless it brings back what we sent along: then
 * the network has another name for the chat. Else something else sent it.
 */
async function portalOf(
  unit: UnitOfWork,
  account: AccountId,
  event: RemoteEvent,
  now: number,
): Promise<Portal | undefined> {
  if (isReceipt(event))
    return (await unit.portals.find(account, event.chat)) ?? portalOfSent(unit, account, event.sendKey);
  return unit.portals.ensure(account, event.chat, event.chatName ?? nameOfContact(event) ?? event.chat, now);
}

/** Of whom the chat is with, which the account itself is not. */
function nameOfContact(event: Exclude<RemoteEvent, ReceiptEvent>): string | undefined {
  return 'from' in event && !('own' in event) ? event.from.displayName : undefined;
}

async function portalOfSent(
  unit: UnitOfWork,
  account: AccountId,
  sendKey: SendKey | undefined,
): Promise<Portal | undefined> {
  const part = sendKey === undefined ? undefined : await unit.parts.bySendKey(sendKey);
  const portal = part && (await unit.portals.get(part.portalId));
  return portal?.accountId === account ? portal : undefined;
}
