/** What happened and has its number in the ledger, until it is sealed there. */
import { type Selectable, sql } from 'kysely';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './schema.ts';

/** `count` entries from `first` on; `happenings`: a JSON list of as many texts. */
export type UnsealedEntries = Selectable<Tables['unsealed']>;

export class Unsealed {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async add(entries: UnsealedEntries): Promise<void> {
    await insertUnsealed(this.#db, entries);
  }

  /** In order, those that begin after `after`. */
  async page(after: number, limit: number): Promise<UnsealedEntries[]> {
    return this.#db
      .selectFrom('unsealed')
      .selectAll()
      .where('first', '>', after)
      .orderBy('first')
      .limit(limit)
      .execute();
  }

  /** Everything below `number` is sealed: nothing of it is left here. */
  async forget(number: number): Promise<void> {
    await deleteUnsealed(this.#db, { number });
  }
}

const insertUnsealed = prepared((db, { first, count, happenings }: UnsealedEntries) =>
  db.insertInto('unsealed').values({ first, count, happenings }),
);
const deleteUnsealed = prepared((db, { number }: { readonly number: number }) =>
  db.deleteFrom('unsealed').where('first', '<', number).where(sql<boolean>`first + count <= ${number}`),
);
