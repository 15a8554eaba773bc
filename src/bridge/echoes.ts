/** What the bridge said as an official comes back as an event of that official, and must not go to the network again. */
import { isPuppets } from '../matrix/puppet.ts';
import { inboundLane } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { OutboundWork } from './work.ts';

const lookAgainMs = 250;

/**
 * A message that is marked so is an echo once it is on record as said by us. While something is unfinished on the way
 * in, a crash may have kept it from being recorded. A mark that somebody else set is worth nothing, but for a reaction,
 * which then stays here. Throws `TryAgain`.
 */
export async function isEcho(context: BridgeContext, { row, portal, event, action }: OutboundWork): Promise<boolean> {
  if (!isPuppets(event.content)) return false;
  if (action.kind === 'reaction') return true;
  const { parts, journal } = context.store.read;
  const part = await parts.byEventId(event.event_id);
  if (part !== undefined) return part.journalId !== row.id;
  if ((await journal.newest(inboundLane(portal.id))) !== undefined)
    throw new TryAgain('waits until it is known who said this', lookAgainMs);
  return false;
}
