/** Which official an account's messages from the phone are shown as; their tokens are sealed even here. */
import type { AccountId, UserId } from '../model/ids.ts';
import type { SealedValues } from '../vault/sealed-values.ts';
import type { Connection } from './kysely.ts';

export interface PuppetRow {
  readonly accountId: AccountId;
  readonly userId: UserId;
  /** Absent where the second registration speaks. */
  readonly own?: { readonly url: string; readonly token: string };
}

export class Puppets {
  readonly #db: Connection;
  readonly #tokens: SealedValues;

  constructor(db: Connection, tokens: SealedValues) {
    this.#db = db;
    this.#tokens = tokens;
  }

  async put({ accountId, userId, own }: PuppetRow, createdAt: number): Promise<void> {
    const token = own === undefined ? null : this.#tokens.seal(`puppet ${accountId}`, own.token);
    const row = { userId, url: own?.url ?? null, token, createdAt };
    await this.#db
      .insertInto('puppet')
      .values({ accountId, ...row })
      .onConflict((conflict) => conflict.column('accountId').doUpdateSet(row))
      .execute();
  }

  /** False when there was none. */
  async remove(accountId: AccountId): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('puppet')
      .where('accountId', '=', accountId)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  }

  async get(accountId: AccountId): Promise<PuppetRow | undefined> {
    const row = await this.#db.selectFrom('puppet').selectAll().where('accountId', '=', accountId).executeTakeFirst();
    if (row === undefined) return undefined;
    const { userId, url, token } = row;
    if (url === null || token === null) return { accountId, userId };
    return { accountId, userId, own: { url, token: this.#tokens.open(`puppet ${accountId}`, token) } };
  }
}
