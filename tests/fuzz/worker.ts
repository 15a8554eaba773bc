/** Attacks one target after the other with the bodies it is assigned, and reports what broke. Runs in a thread. */
import { mkdirSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { diceFor } from './dice.ts';
import { type Attack, Fault, type Stand } from './target.ts';
import { targetNamed } from './targets.ts';
import { type Assignment, type Failure, idle, type Report, type WorkerStart } from './worker-messages.ts';

const { seed, progress } = workerData as WorkerStart;
const at = new Int32Array(progress);
const shownBytes = 3_000;

const report = (message: Report): void => parentPort?.postMessage(message);

async function carryOut({ target, directory, first, last, bodyOnly }: Assignment): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const stand = await targetNamed(target).open(directory);
  try {
    if (bodyOnly === true) {
      report({ body: shown(stand.attack(diceFor(seed, target, first), first)) });
      return;
    }
    for (let index = first; index <= last; index += 1) {
      Atomics.store(at, 0, index);
      const failure = await attacked(stand, target, index);
      if (failure !== undefined) report({ failure });
    }
    Atomics.store(at, 0, idle);
    await stand.stillWorks();
  } catch (thrown) {
    report({ failure: { target, index: undefined, body: '', ...described(thrown) } });
  } finally {
    Atomics.store(at, 0, idle);
    await stand.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function attacked(stand: Stand, target: string, index: number): Promise<Failure | undefined> {
  const attack = stand.attack(diceFor(seed, target, index), index);
  try {
    await attack.run();
    return undefined;
  } catch (thrown) {
    return { target, index, body: shown(attack), ...described(thrown) };
  }
}

const shown = ({ body }: Attack): string => Buffer.from(body).subarray(0, shownBytes).toString('base64');

function described(thrown: unknown): Pick<Failure, 'kind' | 'words'> {
  if (thrown instanceof Fault) return { kind: thrown.kind, words: thrown.message };
  return { kind: 'crash', words: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}

parentPort?.on('message', (assignment: Assignment) => {
  void carryOut(assignment).then(() => report({ done: true }));
});
