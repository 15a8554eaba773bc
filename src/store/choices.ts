/** What people chose for themselves by commands, such as where they want to be told something. */
import type { UserId } from '../model/ids.ts';
import type { Connection } from './kysely.ts';
import type { Choice } from './schema.ts';

export class Choices {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async of(userId: UserId, choice: Choice): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('choice')
      .select('value')
      .where('userId', '=', userId)
      .where('choice', '=', choice)
      .executeTakeFirst();
    return row?.value;
  }

  async put(userId: UserId, choice: Choice, value: string): Promise<void> {
    await this.#db
      .insertInto('choice')
      .values({ userId, choice, value })
      .onConflict((conflict) => conflict.columns(['userId', 'choice']).doUpdateSet({ value }))
      .execute();
  }
}
