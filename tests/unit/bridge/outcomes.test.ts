/** What became of a message is counted under its network, once. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { outcomeOf, tellOutcome } from '../../../src/bridge/outcomes.ts';
import { asId, type JournalId } from '../../../src/model/ids.ts';
import type { MessageState } from '../../../src/model/message-state.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.open();
});

afterEach(async () => {
  await workshop.close();
});

test('the network of the chat is told, or that it is not connected any more', async () => {
  const { context } = workshop;
  const portal = await workshop.portal();
  const row = asId<JournalId>(7);
  tellOutcome(context, { portal, row, direction: 'in', kind: 'message', outcome: 'passed_on' });
  const gone = { ...portal, accountId: asId<typeof portal.accountId>('gone') };
  tellOutcome(context, { portal: gone, row, direction: 'out', kind: 'reaction', outcome: 'failed' });
  const page = await context.metrics.registry.metrics();
  expect(page.split('\n').filter((line) => line.startsWith('chancery_messages_total{'))).toEqual([
    'chancery_messages_total{network="parrot",direction="in",kind="message",outcome="passed_on"} 1',
    'chancery_messages_total{network="unknown",direction="out",kind="reaction",outcome="failed"} 1',
  ]);
});

test.each<[MessageState[], string]>([
  [['sent', 'delivered'], 'passed_on'],
  [['read'], 'passed_on'],
  [['sent', 'uncertain'], 'uncertain'],
  [['uncertain', 'failed'], 'failed'],
])('a message whose parts are %j is %s', (states, outcome) => {
  expect(outcomeOf(states.map((state) => ({ state })))).toBe(outcome);
});
