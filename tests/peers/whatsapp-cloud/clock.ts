/** The simulator's time: real time plus a shift, so that a test can let a day pass at once. */
export class ShiftableClock {
  #shiftMs = 0;

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Date.now() + this.#shiftMs;
  }

  /** Whole seconds as the string that webhooks carry. */
  seconds(): string {
    return String(Math.floor(this.now() / 1000));
  }

  advance(ms: number): number {
    this.#shiftMs += ms;
    return this.#shiftMs;
  }
}
