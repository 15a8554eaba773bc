/** Follows the log page by page; several can wait at the same time and share one request. */
import type { LogPage } from './log.ts';
import type { LogEntry } from './log-entry.ts';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Named in the error: "the bridge's answer to the citizen". */
  readonly what: string;
  /** Looks only at entries with a higher sequence number. */
  readonly since?: number;
}

const longestPollMs = 1_000;
const entriesShown = 12;
const charactersShown = 300;

export class LogReader {
  readonly #fetch: (since: number, waitMs: number) => Promise<LogPage>;
  readonly #seen: LogEntry[] = [];
  #polling: Promise<void> | undefined;

  constructor(fetch: (since: number, waitMs: number) => Promise<LogPage>) {
    this.#fetch = fetch;
  }

  async everything(): Promise<readonly LogEntry[]> {
    for (;;) {
      const page = await this.#fetch(this.#seen.length, 0);
      if (page.entries.length === 0) return [...this.#seen];
      this.#keep(page);
    }
  }

  async waitFor(fits: (entry: LogEntry) => boolean, { timeoutMs, what, since = 0 }: WaitOptions): Promise<LogEntry> {
    const until = performance.now() + timeoutMs;
    for (let next = since; ; ) {
      for (; next < this.#seen.length; next += 1) {
        const entry = this.#seen[next];
        if (entry !== undefined && fits(entry)) return entry;
      }
      const left = until - performance.now();
      if (left <= 0) throw new Error(this.#disappointment(what, timeoutMs));
      await this.#poll(Math.min(Math.ceil(left), longestPollMs));
    }
  }

  async #poll(waitMs: number): Promise<void> {
    this.#polling ??= this.#fetch(this.#seen.length, waitMs)
      .then((page) => this.#keep(page))
      .finally(() => {
        this.#polling = undefined;
      });
    await this.#polling;
  }

  /** Two readers may have asked for the same entries. */
  #keep(page: LogPage): void {
    for (const entry of page.entries) if (entry.seq === this.#seen.length + 1) this.#seen.push(entry);
  }

  #disappointment(what: string, timeoutMs: number): string {
    const last = this.#seen.slice(-entriesShown).map((entry) => `  ${JSON.stringify(entry).slice(0, charactersShown)}`);
    const seen = last.length === 0 ? '  (none)' : last.join('\n');
    return `Waited ${timeoutMs} ms in vain for ${what}. The last entries of WhatsApp's log:\n${seen}`;
  }
}
