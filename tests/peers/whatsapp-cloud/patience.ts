/** Waiting that can be cut short: by stopping, or by a nudge that says "try now". */
export class Patience {
  readonly #pending = new Set<() => void>();
  #stopped = false;

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves after `ms`, at the next nudge, or when stopped. */
  async wait(ms: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#pending.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.min(ms, 2_147_483_647));
      this.#pending.add(finish);
    });
  }

  nudge(): void {
    for (const finish of [...this.#pending]) finish();
  }

  stop(): void {
    this.#stopped = true;
    this.nudge();
  }
}
