/**
 * The short form of `npm run test:faults`: two seeded histories of kills under load, and one in which everything else
 * that can go wrong goes wrong once. Judged by WhatsApp's own log and an independent Matrix client.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Action, type Blow, type History, histories } from './random/history.ts';
import { type Outcome, play } from './random/play.ts';

const longMs = 300_000;

/** What is told of a failure names everything that was found. */
async function played(history: History): Promise<Outcome> {
  const outcome = await play(history, (line) => process.stderr.write(`${line}\n`));
  for (const words of outcome.skipped) console.log(`skipped: ${words}`);
  return outcome;
}

const faultsOf = ({ findings }: Outcome): string[] =>
  findings.filter(({ kind }) => kind !== 'uncertain').map(({ kind, words }) => `${kind}: ${words}`);

test.each([20, 101])(
  'nothing is lost, doubled or out of order in the history with seed %d',
  async (seed) => {
    const [history = []] = fc.sample(histories(6), { seed, numRuns: 1 });
    const outcome = await played(history);
    expect(faultsOf(outcome)).toEqual([]);
    expect(outcome.kills).toBeGreaterThan(0);
    expect(outcome.sent).toBeGreaterThan(0);
  },
  longMs,
);

const load: readonly Action[] = (['text', 'reply', 'media', 'reaction', 'text'] as const).flatMap((kind, chat) => [
  { side: 'in', kind, chat, pauseMs: 10 },
  { side: 'out', kind, chat, pauseMs: 10 },
]);
const troubles: readonly Blow[] = [
  { kind: 'webhook trouble', fault: 'webhook-duplicate', times: 4 },
  { kind: 'webhook trouble', fault: 'webhook-reorder', times: 2 },
  { kind: 'network trouble', fault: 'graph-rate-limited', times: 2 },
  { kind: 'network trouble', fault: 'graph-cut-after-accept', times: 2 },
  { kind: 'network trouble', fault: 'media-wrong-bytes', times: 1 },
  { kind: 'homeserver trouble', trouble: 'cut', forMs: 1_500 },
  { kind: 'homeserver trouble', trouble: 'bad-gateway', forMs: 1_000 },
  { kind: 'homeserver trouble', trouble: 'rate-limit', forMs: 1_000 },
  { kind: 'homeserver trouble', trouble: 'hang', forMs: 1_500 },
  { kind: 'redelivery' },
  { kind: 'clock back' },
  { kind: 'disk full', forMs: 1_500 },
  { kind: 'database locked', forMs: 1_500 },
  { kind: 'second start' },
];

test(
  'nothing is lost, doubled or out of order when everything but death strikes once under load',
  async () => {
    const outcome = await played(troubles.map((blow) => ({ actions: load, blow, afterMs: 100 })));
    expect(faultsOf(outcome)).toEqual([]);
  },
  longMs,
);
