/**
 * One file that does not come or go must not hold its chat for ever. Only what is wrong with the file alone is counted:
 * during an outage, however long, it keeps all its chances.
 */
import type { Part } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';

const chances = 10;
const chancesForMs = 10 * 60_000;

/** Notes one more trouble of this part's file. True when it has had ten, over ten minutes: then it is given up. */
export async function isFileGivenUp({ store, clock }: BridgeContext, { id }: Part): Promise<boolean> {
  const now = clock.now();
  return store.write(async (unit) => {
    const progress = (await unit.parts.get(id))?.progress ?? {};
    const { since, times } = progress.trouble ?? { since: now, times: 0 };
    const trouble = { since: Math.min(since, now), times: times + 1 };
    await unit.parts.change(id, now, { progress: { ...progress, trouble } });
    return trouble.times >= chances && now - trouble.since >= chancesForMs;
  });
}
