/**
 * Lanes over a real journal in a folder of its own. The handler does what a test tells it to; time stands still until
 * a test lets it pass (jest's fake timers stand in for setTimeout and the clock; the database needs neither).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createLog } from '../../../src/base/logging.ts';
import { Lanes } from '../../../src/bridge/lanes.ts';
import { asId, type JournalId, type LaneKey } from '../../../src/model/ids.ts';
import type { JournalRow } from '../../../src/store/journal.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

/** What the handler does with a row before it finishes it; throws to fail. */
export type Doing = (row: JournalRow, signal: AbortSignal) => Promise<void> | void;

export const laneOf = (name: string): LaneKey => asId<LaneKey>(`in/${name}`);
const manyTurns = 10_000;

export class LanesAtWork {
  readonly store: Store;
  lanes: Lanes;
  /** Keys of the rows that the handler began with, in order, and of those that it finished. */
  readonly begun: string[] = [];
  readonly finished: string[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'chancery-lanes-'));
  readonly #doing = new Map<string, Doing>();

  constructor(concurrency = 4) {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] });
    this.store = openStore(this.#directory, new Uint8Array(32).fill(1));
    this.lanes = this.newLanes(concurrency);
  }

  /** As a process that starts on the same journal. */
  newLanes(concurrency = 4): Lanes {
    this.lanes = new Lanes({
      direction: 'in',
      store: this.store,
      clock: { now: () => Date.now() },
      log: createLog('silent'),
      concurrency,
      aside: { fits: (lane) => lane.startsWith(laneOf('aside')), concurrency: 1 },
      handle: (row, signal) => this.#handle(row, signal),
    });
    return this.lanes;
  }

  async add(lane: string, ...keys: readonly string[]): Promise<void> {
    await this.store.write(async (unit) => {
      for (const dedupeKey of keys)
        await unit.journal.add({ direction: 'in', dedupeKey, lane: laneOf(lane), payload: dedupeKey, receivedAt: 1 });
    });
  }

  /** Adds and wakes, as those do who take something in. */
  async take(lane: string, ...keys: readonly string[]): Promise<void> {
    await this.add(lane, ...keys);
    this.lanes.wake(laneOf(lane));
  }

  when(key: string, doing: Doing): void {
    this.#doing.set(key, doing);
  }

  /** Lets everything run that needs no time to pass. */
  async untilQuiet(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    for (let turn = 0; turn < manyTurns; turn += 1) {
      if (holds()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`waited in vain for ${what}; finished: ${this.finished.join(', ')}`);
  }

  /** Lets this much time pass, and everything happen that was due in it. */
  async pass(ms: number): Promise<void> {
    await jest.advanceTimersByTimeAsync(ms);
    await this.untilQuiet();
  }

  async head(lane: string): Promise<JournalRow | undefined> {
    return this.store.read.journal.head(laneOf(lane));
  }

  /** What an admin does. */
  async release(lane: string): Promise<void> {
    const id = (await this.head(lane))?.id ?? asId<JournalId>(0);
    await this.store.write((unit) => unit.journal.release(id));
    this.lanes.wake(laneOf(lane));
  }

  async close(): Promise<void> {
    jest.restoreAllMocks();
    const stopping = this.lanes.stop(0);
    await jest.advanceTimersByTimeAsync(1);
    await stopping;
    jest.useRealTimers();
    await this.store.close();
    rmSync(this.#directory, { recursive: true });
  }

  async #handle(row: JournalRow, signal: AbortSignal): Promise<void> {
    this.begun.push(row.dedupeKey);
    await this.#doing.get(row.dedupeKey)?.(row, signal);
    await this.store.write((unit) => unit.journal.finish(row.id, 'done', Date.now()));
    this.finished.push(row.dedupeKey);
  }
}

/** Fails the first `times` times with what `error` makes. */
export function failing(times: number, error: () => Error): Doing {
  let left = times;
  return () => {
    left -= 1;
    if (left >= 0) throw error();
  };
}

/** A row that takes until `open` is called; an abort ends it too. */
export function gated(): { readonly doing: Doing; readonly open: () => void } {
  const gate = Promise.withResolvers<undefined>();
  return {
    open: () => gate.resolve(undefined),
    doing: async (_, signal) => {
      signal.addEventListener('abort', () => gate.reject(new Error('aborted')));
      await gate.promise;
    },
  };
}
