/** Lets so many through in a second, in the order of asking; the rest waits. */
import { setTimeout as delay } from 'node:timers/promises';

export class Pace {
  readonly #intervalMs: number;
  #nextAt = 0;

  constructor(perSecond: number) {
    this.#intervalMs = 1_000 / perSecond;
  }

  /** Resolves when it is this caller's turn; rejects when the signal is aborted before. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#intervalMs;
    if (at > now) await delay(at - now, undefined, { signal });
  }
}
