/** Waits for things by their name, each once; whoever sees one arrive says so. */

export class Arrivals<Where> {
  readonly #awaited = new Map<string, (where: Where) => void>();
  readonly #withinMs: number;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** Resolves to where it arrived. To be called before it can. Rejects when it does not come in time. */
  of(name: string): Promise<Where> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`"${name}" did not arrive`)), this.#withinMs);
      this.#awaited.set(name, (where) => {
        clearTimeout(late);
        resolve(where);
      });
    });
  }

  /** What nobody waits for is no matter. */
  arrived(name: string, where: Where): void {
    const found = this.#awaited.get(name);
    this.#awaited.delete(name);
    found?.(where);
  }
}
