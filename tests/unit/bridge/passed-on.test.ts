/** An author sees that the network has the message; of many in one chat the latest mark says it for all. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Courtesy } from '../../../src/bridge/courtesy.ts';
import { Feedback } from '../../../src/bridge/feedback.ts';
import { Ghosts } from '../../../src/bridge/ghosts.ts';
import { InboundReceipts, passageOf } from '../../../src/bridge/inbound-receipt.ts';
import type { JournalledPassage } from '../../../src/bridge/work.ts';
import type { JournalRow } from '../../../src/store/journal.ts';
import { feedbackLane, type Portal } from '../../../src/store/portals.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
let portal: Portal;
let receipts: InboundReceipts;

beforeEach(async () => {
  workshop = await Workshop.open();
  portal = await workshop.portal();
  const { context } = workshop;
  receipts = new InboundReceipts({
    context,
    ghosts: new Ghosts(context),
    feedback: new Feedback(context),
    courtesy: new Courtesy(),
    evidence: async () => undefined,
  });
});

afterEach(() => workshop.close());

async function passed(...events: readonly string[]): Promise<void> {
  await workshop.context.store.write(async (unit) => {
    for (const event of events) {
      const payload = { portal: portal.id, passedOn: event };
      const entry = { direction: 'in', lane: feedbackLane(portal.id), payload, receivedAt: workshop.now } as const;
      await unit.journal.add({ ...entry, dedupeKey: passageOf(event) });
    }
  });
}

const head = (): Promise<JournalRow | undefined> => workshop.context.store.read.journal.head(feedbackLane(portal.id));

async function doHead(): Promise<void> {
  const row = await head();
  if (row === undefined) throw new Error('nothing is to be done');
  await receipts.passedOn(row, portal, row.payload as JournalledPassage);
}

const marked = (): string[] => workshop.homeserver.asked.map(({ path }) => path.split('/m.read/')[1] ?? path);

test('the bot marks the message as read, and the row is done', async () => {
  await passed('$1');
  await doHead();
  expect([marked(), await head()]).toEqual([['$1'], undefined]);
});

test('a mark that a later one of the same chat covers is not made', async () => {
  await passed('$1', '$2', '$3');
  for (let rows = 0; rows < 3; rows += 1) await doHead();
  expect([marked(), await head()]).toEqual([['$3'], undefined]);
});

test('a message that is sent again is older than what waits behind it, and covers nothing', async () => {
  await passed('$2', 'again 7');
  await doHead();
  expect(marked()).toEqual(['$2']);
});

test('the mark is tried again when the homeserver does not answer', async () => {
  workshop.homeserver.answer = () => undefined;
  await passed('$1');
  await expect(doHead()).rejects.toThrow();
  expect((await head())?.state).toBe('waiting');
});

test('what there is to say besides is said at the message, also where a later mark covers its own', async () => {
  await workshop.context.store.write(async (unit) => {
    const payload = { portal: portal.id, passedOn: '$1', hint: 'This went as a document.' };
    const entry = { direction: 'in', lane: feedbackLane(portal.id), payload, receivedAt: workshop.now } as const;
    await unit.journal.add({ ...entry, dedupeKey: passageOf('$1') });
  });
  await passed('$2');
  workshop.homeserver.answer = () => undefined;
  await expect(doHead()).rejects.toThrow();
  workshop.homeserver.answer = () => [200, { event_id: '$said' }];
  await doHead();
  await doHead();
  const said = workshop.homeserver.asked.filter(({ path }) => path.includes('/send/'));
  expect(JSON.parse(String(said.at(-1)?.body))).toMatchObject({
    body: 'This went as a document.',
    'm.relates_to': { 'm.in_reply_to': { event_id: '$1' } },
  });
  expect(new Set(said.map(({ path }) => path)).size).toBe(1);
  expect(marked().at(-1)).toBe('$2');
});
