/** Remembers up to `limit` keys, forgetting those used least recently. What is forgotten is merely asked for again. */
export class RecentSet {
  readonly #limit: number;
  readonly #keys = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(key: string): boolean {
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }

  add(key: string): void {
    this.#keys.add(key);
    if (this.#keys.size <= this.#limit) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  /** Forgets every key that begins so. */
  deleteAll(prefix: string): void {
    for (const key of this.#keys) if (key.startsWith(prefix)) this.#keys.delete(key);
  }
}
