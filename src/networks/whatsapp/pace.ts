/** Lets so many through in a second, in the order of asking; the rest waits. Knows when the other side wants a pause. */
import { setTimeout as delay } from 'node:timers/promises';

export class Pace {
  readonly #intervalMs: number;
  #nextAt = 0;
  #pausedUntil = 0;

  constructor(perSecond: number) {
    this.#intervalMs = 1_000 / perSecond;
  }

  /** Resolves when it is this caller's turn; rejects when the signal is aborted before. */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = performance.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#intervalMs;
    if (at > now) await delay(at - now, undefined, { signal });
  }

  /** The other side asked for it. A pause is not waited for here: it may be long. */
  pause(waitMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + waitMs);
  }

  /** Milliseconds until the pause is over; 0 when there is none. */
  get pausedMs(): number {
    return Math.max(0, Math.ceil(this.#pausedUntil - performance.now()));
  }
}
