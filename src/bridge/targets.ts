/** Finds the message that a reply, a reaction or a status is about, and waits for one that is just being sent. */
import type { RemoteMessageId } from '../model/ids.ts';
import type { Part } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { InboundWork } from './work.ts';

/** A message that we just sent gets its id with the network's answer: what refers to it may be here sooner. */
const patienceMs = 30_000;
const lookAgainMs = 250;

/**
 * Undefined when the message is not in this room at all. Throws `TryAgain` while a call to the network is in flight
 * that may bring it.
 */
export async function targetOf(
  context: BridgeContext,
  { row, portal }: InboundWork,
  target: RemoteMessageId,
): Promise<Part | undefined> {
  const part = await context.store.read.parts.byRemoteId(portal.id, target);
  if (part !== undefined) return part;
  // A clock that is set back must not make this longer.
  const isFresh = context.clock.now() - row.receivedAt < patienceMs && row.attempts < patienceMs / lookAgainMs;
  if (isFresh && (await context.store.read.parts.anySending(portal.id))) {
    throw new TryAgain('waits for the message that it refers to', lookAgainMs);
  }
  return undefined;
}
