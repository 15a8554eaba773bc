/** The network's id of the message that a reply or a reaction in the room is about. */
import type { EventId } from '../model/ids.ts';
import type { Part } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { OutboundWork } from './work.ts';

/** What a ghost says is seen in the room a moment before it is recorded here, and a crash may lie in between. */
const patienceMs = 10_000;
const lookAgainMs = 200;

/** Undefined when the event stands for no message of the network. Throws `TryAgain` while it still may. */
export async function outboundTarget(
  context: BridgeContext,
  { row }: OutboundWork,
  target: EventId,
): Promise<Part | undefined> {
  const part = await context.store.read.parts.byEventId(target);
  if (part !== undefined) return part;
  const since = Math.max(row.receivedAt, context.startedAt);
  // A clock that is set back must not make this longer.
  if (context.clock.now() - since < patienceMs && row.attempts < patienceMs / lookAgainMs)
    throw new TryAgain('waits for the message that it refers to', lookAgainMs);
  return undefined;
}
