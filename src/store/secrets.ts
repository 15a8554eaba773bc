/** Secrets that are born with the database and must outlive a change of its key. */
import { randomBytes } from 'node:crypto';
import type { Connection } from './kysely.ts';

/** `identifiers` makes ghosts and rooms opaque; `media` seals files; `heads` signs the heads of the ledger. */
export type SecretName = 'identifiers' | 'media' | 'heads';

export class Secrets {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** The 32 bytes of this name, made when first asked for. */
  async ensure(name: SecretName): Promise<Uint8Array> {
    await this.#db
      .insertInto('secret')
      .values({ name, value: randomBytes(32) })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const { value } = await this.#db
      .selectFrom('secret')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return value;
  }
}
