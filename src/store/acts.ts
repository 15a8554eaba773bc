/** What admins did with what stood still, who, when and why. Nothing here is ever changed. */
import type { Selectable } from 'kysely';
import type { Connection } from './kysely.ts';
import type { Tables } from './schema.ts';

export type Act = Omit<Selectable<Tables['act']>, 'id'>;

export class Acts {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async add(act: Act): Promise<void> {
    await this.#db.insertInto('act').values(act).execute();
  }

  /** The newest first. */
  async latest(limit: number): Promise<Act[]> {
    return this.#db.selectFrom('act').selectAll().orderBy('id', 'desc').limit(limit).execute();
  }
}
