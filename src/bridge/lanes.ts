/**
 * Works through the journal of one direction: lanes side by side, each strictly in order. A lane whose head cannot be
 * done waits or is parked; the others run on. Nothing here is remembered that the journal does not know.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/logging.ts';
import type { JournalId, LaneKey, PortalId } from '../model/ids.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Direction } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { verdictOn } from './failures.ts';

export interface LanesOptions {
  readonly direction: Direction;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** How many lanes may work at the same time. */
  readonly concurrency: number;
  /** Lanes that must not take the others' time: beside those, only so many of these work at once. */
  readonly aside?: { readonly fits: (lane: LaneKey) => boolean; readonly concurrency: number };
  /** Does one row and finishes it in the journal; throws when it could not. */
  readonly handle: (row: JournalRow, signal: AbortSignal) => Promise<void>;
  /** For the log. */
  readonly portalOf?: (row: JournalRow) => Promise<PortalId | undefined>;
}

/** A lane with much to do lets the others have their turn after this many rows. */
const rowsInATurn = 20;
const storeTroubleMs = 2_000;
const lanesInAPage = 500;
/** The longest wait that a timer of Node.js takes is 24.8 days; looking again each hour is early enough. */
const longestTimerMs = 3_600_000;
/**
 * What an earlier process set back is due by a clock that may have been set back since: it is not waited for longer than
 * this, and hardly at all where the clock has surely been set back.
 */
const longestAfterStartMs = 60_000;
const soonMs = 1_000;

export class Lanes {
  readonly #options: LanesOptions;
  readonly #main: Side;
  readonly #aside: Side;
  readonly #timers = new Map<LaneKey, NodeJS.Timeout>();
  /** When heads are due that were set back here, on the clock of `performance`: the other may be set back as well. */
  readonly #due = new Map<LaneKey, { readonly row: JournalId; readonly at: number }>();
  readonly #stopping = new AbortController();
  #open = false;
  #settled: (() => void) | undefined;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#main = new Side(options.concurrency);
    this.#aside = new Side(options.aside?.concurrency ?? 0);
  }

  /** Something in this lane may be due now. */
  wake(lane: LaneKey): void {
    clearTimeout(this.#timers.get(lane));
    this.#timers.delete(lane);
    this.#sideOf(lane).ready.add(lane);
    this.#pump();
  }

  /** Begins to work, with every lane that the journal has work for. Until then nothing is done, only noted. */
  async resume(): Promise<void> {
    const { store, direction } = this.#options;
    this.#open = true;
    let after: LaneKey | undefined;
    for (;;) {
      const page = await store.read.journal.lanes(direction, after, lanesInAPage);
      for (const lane of page) this.wake(lane);
      after = page.at(-1);
      if (page.length < lanesInAPage) return;
    }
  }

  /** Starts nothing new; what is in hand may take `graceMs` and is then aborted. */
  async stop(graceMs: number): Promise<void> {
    for (const side of [this.#main, this.#aside]) side.ready.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    const settled = new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
    if (this.busy === 0) return;
    const abort = setTimeout(() => this.#stopping.abort(), graceMs);
    await settled;
    clearTimeout(abort);
  }

  get busy(): number {
    return this.#main.running.size + this.#aside.running.size;
  }

  #sideOf(lane: LaneKey): Side {
    return this.#options.aside?.fits(lane) === true ? this.#aside : this.#main;
  }

  #pump(): void {
    if (!this.#open || this.#settled !== undefined) return;
    for (const side of [this.#main, this.#aside]) for (const lane of side.startable()) void this.#work(lane, side);
  }

  async #work(lane: LaneKey, { ready, running }: Side): Promise<void> {
    try {
      for (let row = 0; row < rowsInATurn; row += 1) {
        if (this.#settled !== undefined || !(await this.#doHead(lane))) return;
      }
      ready.add(lane);
    } catch (thrown) {
      this.#options.log.error({ lane, err: thrown }, 'the journal could not be read or written');
      this.#lookAgain(lane, storeTroubleMs);
    } finally {
      running.delete(lane);
      if (this.#settled === undefined) this.#pump();
      else if (this.busy === 0) this.#settled();
    }
  }

  /** True when the head was done and the lane may go on. */
  async #doHead(lane: LaneKey): Promise<boolean> {
    const { store, handle } = this.#options;
    this.#sideOf(lane).ready.delete(lane);
    const row = await store.read.journal.head(lane);
    if (row === undefined || row.state === 'parked') return false;
    const wait = this.#waitOf(row);
    if (wait > 0) {
      this.#lookAgain(lane, wait);
      return false;
    }
    this.#due.delete(lane);
    try {
      await handle(row, this.#stopping.signal);
      return true;
    } catch (thrown) {
      await this.#setBack(row, thrown);
      return false;
    }
  }

  /** Milliseconds until the row is due. One that somebody released has no time to wait for. */
  #waitOf({ id, lane, nextTryAt, receivedAt }: JournalRow): number {
    if (nextTryAt === null) return 0;
    const known = this.#due.get(lane);
    if (known?.row === id) return known.at - performance.now();
    const now = this.#options.clock.now();
    const wait = Math.min(nextTryAt - now, receivedAt > now ? soonMs : longestAfterStartMs);
    this.#due.set(lane, { row: id, at: performance.now() + wait });
    return wait;
  }

  async #setBack(row: JournalRow, thrown: unknown): Promise<void> {
    const { store, clock, log, portalOf } = this.#options;
    // What stopping interrupts has not failed.
    if (this.#stopping.signal.aborted) return;
    const verdict = verdictOn(thrown, row.attempts);
    const named = { lane: row.lane, portal: await portalOf?.(row), row: row.id };
    const about = { ...named, attempts: row.attempts + 1, err: thrown };
    if (verdict.then === 'park') {
      log.error(about, 'lane parked: see the bot command `retry`');
      await store.write((unit) => unit.journal.park(row.id, verdict.reason));
      return;
    }
    log.info({ ...about, afterMs: verdict.afterMs }, 'lane waits');
    await store.write((unit) => unit.journal.retryAt(row.id, clock.now() + verdict.afterMs, verdict.reason));
    this.#due.set(row.lane, { row: row.id, at: performance.now() + verdict.afterMs });
    this.#lookAgain(row.lane, verdict.afterMs);
  }

  #lookAgain(lane: LaneKey, afterMs: number): void {
    if (this.#settled !== undefined) return;
    clearTimeout(this.#timers.get(lane));
    const timer = setTimeout(() => this.wake(lane), Math.min(Math.ceil(afterMs), longestTimerMs));
    this.#timers.set(lane, timer);
  }
}

/** Lanes that share a number of places to work at. */
class Side {
  readonly ready = new Set<LaneKey>();
  readonly running = new Set<LaneKey>();
  readonly #concurrency: number;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Takes places for those that are ready, in the order in which they became so. */
  startable(): LaneKey[] {
    const started: LaneKey[] = [];
    for (const lane of this.ready) {
      if (this.running.size >= this.#concurrency) break;
      if (this.running.has(lane)) continue;
      this.ready.delete(lane);
      this.running.add(lane);
      started.push(lane);
    }
    return started;
  }
}
