/**
 * Lets workers attack the targets, two at a time, and watches them from outside: a body that takes too long ends its
 * worker, one that kills its worker is noted, and the rest goes on with a new one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type FaultKind, faultKinds } from './target.ts';
import { targetNames } from './targets.ts';
import { type Assignment, type Failure, idle, type Report, type WorkerStart } from './worker-messages.ts';

export interface Campaign {
  readonly seed: number;
  /** For each target. */
  readonly bodies: number;
  /** All of them unless told. */
  readonly targets?: readonly string[];
  /** This body alone. */
  readonly only?: number;
  readonly onFailure?: (failure: Failure) => void;
  readonly onTargetDone?: (target: string, seconds: number) => void;
}

export interface Outcome {
  /** All that were sent, to all targets. */
  readonly bodies: number;
  readonly targets: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
}

/** One body, on a machine that does other things as well. */
const hangsAfterMs = 10_000;
const opensWithinMs = 60_000;
const lookEveryMs = 250;
/** Both bound what one hostile body may make the process allocate. */
const maxHeapMb = 512;
const maxResidentBytes = 2 * 1024 * 1024 * 1024;
const stackMb = 1;
/** A target that breaks all the time is not broken any more often than that. */
const mostFaults = 40;
/** Each of these costs the whole bound. */
const mostHangs = 5;

export async function conduct(campaign: Campaign): Promise<Outcome> {
  const { targets = targetNames, bodies, only } = campaign;
  const waiting = [...targets];
  const directory = mkdtempSync(join(tmpdir(), 'chancery-fuzz-'));
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const note = (failure: Failure): void => {
    faults[failure.kind] += 1;
    campaign.onFailure?.(failure);
  };
  const slot = async (number: number): Promise<void> => {
    const overseer = new Overseer(campaign.seed, note);
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const began = performance.now();
      const range = only === undefined ? { first: 0, last: bodies - 1 } : { first: only, last: only };
      await overseer.attack({ target, directory: join(directory, `${number}-${target}`), ...range });
      campaign.onTargetDone?.(target, (performance.now() - began) / 1_000);
    }
    await overseer.close();
  };
  try {
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, (_, number) => slot(number)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return { bodies: targets.length * (only === undefined ? bodies : 1), targets: targets.length, faults };
}

/** Has one worker at a time. */
class Overseer {
  readonly #seed: number;
  readonly #note: (failure: Failure) => void;
  readonly #progress = new SharedArrayBuffer(4);
  #worker: Worker | undefined;

  constructor(seed: number, note: (failure: Failure) => void) {
    this.#seed = seed;
    this.#note = note;
  }

  async attack(assignment: Assignment): Promise<void> {
    let { first } = assignment;
    let faults = 0;
    let hangs = 0;
    const note = (failure: Failure): void => {
      faults += 1;
      if (failure.kind === 'hang') hangs += 1;
      this.#note(failure);
    };
    while (first <= assignment.last && faults < mostFaults && hangs < mostHangs) {
      const ended = await this.#until({ ...assignment, first }, note);
      if (ended === 'done') return;
      const index = this.#index === idle ? undefined : this.#index;
      await this.#startAfresh(assignment);
      note({ target: assignment.target, index, body: await this.#bodyOf(assignment, index), ...ended });
      if (index === undefined) return;
      first = index + 1;
    }
  }

  /** What hung or ended a worker is made once more, and not sent. */
  async #bodyOf(assignment: Assignment, index: number | undefined): Promise<string> {
    if (index === undefined) return '';
    let body = '';
    const hear = (said: string): void => {
      body = said;
    };
    const ended = await this.#until({ ...assignment, first: index, bodyOnly: true }, () => undefined, hear);
    if (ended !== 'done') await this.#startAfresh(assignment);
    return body;
  }

  async #startAfresh({ directory }: Assignment): Promise<void> {
    await this.close();
    rmSync(directory, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  get #index(): number {
    return Atomics.load(new Int32Array(this.#progress), 0);
  }

  #until(
    assignment: Assignment,
    note: (failure: Failure) => void,
    hear: (body: string) => void = () => undefined,
  ): Promise<'done' | Pick<Failure, 'kind' | 'words'>> {
    Atomics.store(new Int32Array(this.#progress), 0, idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve) => {
      const watch = this.#watch((kind, words) => finish({ kind, words }));
      const finish = (end: 'done' | Pick<Failure, 'kind' | 'words'>): void => {
        clearInterval(watch);
        forget(worker);
        resolve(end);
      };
      worker.on('message', (message: Report) => {
        if ('failure' in message) note(message.failure);
        else if ('body' in message) hear(message.body);
        else finish('done');
      });
      worker.on('error', (thrown: Error) => finish({ kind: 'crash', words: thrown.stack ?? String(thrown) }));
      worker.on('exit', (code) => finish({ kind: 'crash', words: `the worker ended with ${code}` }));
      worker.postMessage(assignment);
    });
  }

  #start(): Worker {
    const start: WorkerStart = { seed: this.#seed, progress: this.#progress };
    return new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: start,
      execArgv: ['--no-warnings'],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, stackSizeMb: stackMb },
    });
  }

  #watch(trouble: (kind: FaultKind, words: string) => void): NodeJS.Timeout {
    let last = { index: this.#index, since: performance.now() };
    return setInterval(() => {
      const index = this.#index;
      if (index !== last.index) last = { index, since: performance.now() };
      const still = performance.now() - last.since;
      if (still > (index === idle ? opensWithinMs : hangsAfterMs))
        trouble('hang', `no end after ${Math.round(still)} ms`);
      else if (process.memoryUsage.rss() > maxResidentBytes) trouble('crash', 'the process holds too much memory');
    }, lookEveryMs);
  }
}

/** Its other listeners are Node.js's own: without them nothing it says is heard any more. */
function forget(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
  worker.on('error', () => undefined);
}
