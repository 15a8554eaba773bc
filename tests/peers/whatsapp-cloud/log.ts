/** The record of what really happened, in order; a reader can wait for what comes next without asking twice. */
import type { ShiftableClock } from './clock.ts';
import type { LogEntry, LogFact } from './log-entry.ts';

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Give this as `since` to read on. */
  readonly next: number;
}

const pageEntries = 1_000;

export class Log {
  readonly #entries: LogEntry[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #clock: ShiftableClock;

  constructor(clock: ShiftableClock) {
    this.#clock = clock;
  }

  add(fact: LogFact): void {
    this.#entries.push({ ...fact, seq: this.#entries.length + 1, at: this.#clock.now() });
    if (this.#waiting.size === 0) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  /** Entries with a sequence number above `since`; when there is none, waits up to `waitMs` for the first. */
  async read(since: number, waitMs: number): Promise<LogPage> {
    if (since >= this.#entries.length && waitMs > 0) await this.#next(waitMs);
    const entries = this.#entries.slice(since, since + pageEntries);
    return { entries, next: since + entries.length };
  }

  async #next(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        resolve();
      }, waitMs);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
}
