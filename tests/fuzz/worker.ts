/** Attacks one target after the other with the bodies it is assigned, and reports what broke. Runs in a thread. */
import { mkdirSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { diceFor } from './dice.ts';
import { Fault, type Stand } from './target.ts';
import { targetNamed } from './targets.ts';
import { type Assignment, type Failure, idle, type Report, type WorkerStart } from './worker-messages.ts';

const { seed, progress } = workerData as WorkerStart;
const at = new Int32Array(progress);
const shownBytes = 3_000;

const report = (message: Report): void => parentPort?.postMessage(message);

async function carryOut({ target, directory, first, last }: Assignment): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const stand = await targetNamed(target).open(directory);
  try {
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
    const body = Buffer.from(attack.body).subarray(0, shownBytes).toString('base64');
    return { target, index, body, ...described(thrown) };
  }
}

function described(thrown: unknown): Pick<Failure, 'kind' | 'words'> {
  if (thrown instanceof Fault) return { kind: thrown.kind, words: thrown.message };
  return { kind: 'crash', words: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}

parentPort?.on('message', (assignment: Assignment) => {
  void carryOut(assignment).then(() => report({ done: true }));
});
