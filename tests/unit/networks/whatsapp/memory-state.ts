/** An adapter's state in memory, through JSON as in the database. */
import type { AdapterState } from '../../../../src/networks/contract.ts';

export class MemoryState implements AdapterState {
  readonly values = new Map<string, string>();

  async get(key: string): Promise<unknown> {
    const value = this.values.get(key);
    return value === undefined ? undefined : (JSON.parse(value) as unknown);
  }

  async put(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
  }
}
