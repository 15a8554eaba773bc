/** Which entries of the ledger were destroyed lawfully. Nothing here is ever changed. */
import type { NumberRanges } from '../model/number-ranges.ts';
import type { Connection } from './kysely.ts';

export interface Disposal {
  /** 32 hex digits. */
  readonly id: string;
  /** By our clock, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The entry that says who did it, and why. */
  readonly entry: number;
  readonly ranges: NumberRanges;
}

export class Disposals {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async add({ id, at, entry, ranges }: Disposal): Promise<void> {
    await this.#db
      .insertInto('disposal')
      .values({ id, at, entry, ranges: JSON.stringify(ranges) })
      .execute();
  }

  /** In the order of their entries. */
  async all(): Promise<Disposal[]> {
    const rows = await this.#db.selectFrom('disposal').selectAll().orderBy('entry').execute();
    // It was written here.
    return rows.map(({ ranges, ...row }) => ({ ...row, ranges: JSON.parse(ranges) as NumberRanges }));
  }
}
