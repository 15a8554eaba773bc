/**
 * What may wait gives way to what may not: while the homeserver answers slowly, because others ask much of it, what is
 * told out of courtesy leaves it long rests. Where it is always slow, that becomes the measure, so that nothing starves.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Slower than this times its best is slow. */
const isSlowAt = 4;
const restPerDelay = 9;
const longestRestMs = 2_000;
/** So much of the best is forgotten with each request. */
const forgotten = 1.05;

export class Courtesy {
  readonly #stopped = new AbortController();
  #bestMs = Infinity;

  /** Resolves when this rest is over, or stopped. */
  async rest(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }

  /** Milliseconds of rest after a request that took so many. */
  restAfter(tookMs: number): number {
    this.#bestMs = Math.min(tookMs, this.#bestMs * forgotten);
    return Math.min(longestRestMs, restPerDelay * Math.max(0, tookMs - isSlowAt * this.#bestMs));
  }

  /** Ends every rest. */
  stop(): void {
    this.#stopped.abort();
  }
}
