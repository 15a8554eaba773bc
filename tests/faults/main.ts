/**
 * `npm run test:faults -- --kills N --seed S`: plays random histories against the real homeserver until N processes were
 * killed. The last line is the count as JSON; the exit code is 0 only when nothing was lost, doubled, misordered or
 * unexplained and most kills hit something on its way. A history that fails is made smaller and printed;
 * `--history FILE` plays one that was printed.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { installSynapse } from '../peers/synapse/install.ts';
import { histories, type History } from './random/history.ts';
import { type Outcome, play } from './random/play.ts';
import { isGood, type Tally, tallyOf } from './random/tally.ts';

const roundsInAHistory = 10;
const shrinkWithinMs = 10 * 60_000;
const usage = 'npm run test:faults -- [--kills N] [--seed S] [--history FILE]';

const say = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const { kills, seed, file } = options();
await installSynapse(say);
const outcomes = file === undefined ? await randomHistories(kills, seed) : [await play(readHistory(file), say)];
const tally: Tally = tallyOf(outcomes);
for (const words of new Set(outcomes.flatMap(({ skipped }) => skipped))) say(`skipped: ${words}`);
console.log(JSON.stringify(tally));
process.exitCode = isGood(tally) ? 0 : 1;

function options(): { kills: number; seed: number; file: string | undefined } {
  try {
    const { values } = parseArgs({
      options: { kills: { type: 'string' }, seed: { type: 'string' }, history: { type: 'string' } },
    });
    const [wanted, given] = [Number(values.kills ?? 20), Number(values.seed ?? randomInt(2 ** 31 - 1))];
    if (!Number.isSafeInteger(wanted) || wanted < 1) throw new Error('--kills takes a whole number from 1');
    if (!Number.isInteger(given) || Math.abs(given) > 2 ** 31)
      throw new Error('--seed takes a whole number of 32 bits');
    return { kills: wanted, seed: given, file: values.history };
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n${usage}`);
    process.exit(2);
  }
}

function readHistory(path: string): History {
  return JSON.parse(readFileSync(path, 'utf8')) as History;
}

/** Every history as it came first; what shrinking plays is not counted. */
async function randomHistories(wanted: number, firstSeed: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let run = 0; outcomes.reduce((sum, outcome) => sum + outcome.kills, 0) < wanted; run += 1) {
    const runSeed = (firstSeed + run) | 0;
    say(`history with seed ${runSeed}`);
    let first: Outcome | undefined;
    const property = fc.asyncProperty(histories(roundsInAHistory), async (history) => {
      const outcome = await play(history, say).catch((thrown: unknown) => {
        say(`could not be played to its end: ${String(thrown)}`);
        throw thrown;
      });
      first ??= outcome;
      const faults = outcome.findings.filter(({ kind }) => kind !== 'uncertain');
      if (faults.length > 0) throw new Error(faults.map(({ kind, words }) => `${kind}: ${words}`).join('\n'));
    });
    const { failed, counterexample, errorInstance } = await fc.check(property, {
      seed: runSeed,
      numRuns: 1,
      interruptAfterTimeLimit: shrinkWithinMs,
    });
    if (failed)
      say(`seed ${runSeed} failed: ${String(errorInstance)}\nsmallest history: ${JSON.stringify(counterexample?.[0])}`);
    if (first === undefined) throw new Error(`seed ${runSeed} could not be played: ${String(errorInstance)}`);
    outcomes.push(first);
  }
  return outcomes;
}
