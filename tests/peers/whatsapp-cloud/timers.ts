/** What happens by itself a little later. It is counted, so that a test can wait until nothing more is to come. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  get pending(): number {
    return this.#running.size;
  }

  after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      act();
    }, ms);
    this.#running.add(timer);
  }

  stop(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
