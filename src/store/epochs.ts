/** The epochs of the ledger, each with the key that seals its entries, wrapped for the officers. */
import type { Selectable } from 'kysely';
import type { Connection } from './kysely.ts';
import type { Tables } from './schema.ts';

export type Epoch = Selectable<Tables['epoch']>;

export class Epochs {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async begin(epoch: Omit<Epoch, 'id'>): Promise<number> {
    const { id } = await this.#db.insertInto('epoch').values(epoch).returning('id').executeTakeFirstOrThrow();
    return id;
  }

  /** The key of the epoch, wrapped for others. */
  async rewrap(id: number, wrappedKey: string): Promise<void> {
    await this.#db.updateTable('epoch').set({ wrappedKey }).where('id', '=', id).execute();
  }

  /** In order, those after `after`. */
  async page(after: number, limit: number): Promise<Epoch[]> {
    return this.#db.selectFrom('epoch').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute();
  }
}
