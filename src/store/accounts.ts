/** Connected accounts with their credentials (sealed even here), and the adapters' own small state. */
import type { AccountId, NetworkId } from '../model/ids.ts';
import type { SealedValues } from '../vault/sealed-values.ts';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';
import type { AccountState, Tables } from './schema.ts';

export interface AccountRow {
  readonly id: AccountId;
  readonly network: NetworkId;
  readonly displayName: string;
  readonly credentials: unknown;
  readonly createdAt: number;
}

interface Standing {
  readonly state: AccountState;
  readonly reason?: string | null;
}

export interface AccountStanding extends Standing {
  readonly id: AccountId;
  readonly displayName: string;
  /** Milliseconds since the Unix epoch; null where it was never otherwise. */
  readonly since: number | null;
}

/** In the place of sealed credentials. */
const loggedOut = '';

export class Accounts {
  readonly #db: Connection;
  readonly #credentials: SealedValues;

  constructor(db: Connection, credentials: SealedValues) {
    this.#db = db;
    this.#credentials = credentials;
  }

  /** Adds the account, or gives a known one its new name and credentials. */
  async put(account: AccountRow): Promise<void> {
    const credentials = this.#credentials.seal(account.id, JSON.stringify(account.credentials));
    await this.#db
      .insertInto('account')
      .values({ ...account, credentials })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ displayName: account.displayName, credentials }))
      .execute();
  }

  async all(): Promise<AccountRow[]> {
    const rows = await this.#db
      .selectFrom('account')
      .select(['id', 'network', 'displayName', 'credentials', 'createdAt'])
      .where('credentials', '!=', loggedOut)
      .orderBy('createdAt')
      .execute();
    return rows.map((row) => ({
      ...row,
      credentials: JSON.parse(this.#credentials.open(row.id, row.credentials)) as unknown,
    }));
  }

  async standings(): Promise<AccountStanding[]> {
    return this.#standings().orderBy('createdAt').execute();
  }

  /** Those of whose state the admins do not know. */
  async untold(): Promise<AccountStanding[]> {
    return this.#standings().whereRef('state', '!=', 'toldState').execute();
  }

  async told({ id, state }: AccountStanding): Promise<void> {
    await this.#db.updateTable('account').set({ toldState: state }).where('id', '=', id).execute();
  }

  /** False when it was so already. */
  async standing(id: AccountId, { state, reason = null }: Standing, at: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('account')
      .set({ state, stateReason: reason, stateSince: at })
      .where('id', '=', id)
      .where('state', '!=', state)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  #standings() {
    return this.#db
      .selectFrom('account')
      .select(['id', 'displayName', 'state', 'stateSince as since', 'stateReason as reason'])
      .where('credentials', '!=', loggedOut);
  }

  /** Forgets the credentials; what hangs on the account stays. */
  async logOut(id: AccountId): Promise<void> {
    await this.#db.updateTable('account').set({ credentials: loggedOut }).where('id', '=', id).execute();
  }

  async stateOf(accountId: AccountId, key: string): Promise<unknown> {
    const { rows } = await valueOf(this.#db, { accountId, key });
    return rows[0] && (JSON.parse(rows[0].value) as unknown);
  }

  async putState(accountId: AccountId, key: string, value: unknown): Promise<void> {
    await putValue(this.#db, { accountId, key, value: JSON.stringify(value) });
  }
}

type StateKey = Pick<Tables['adapterState'], 'accountId' | 'key'>;

const valueOf = prepared((db, { accountId, key }: StateKey) =>
  db.selectFrom('adapterState').select('value').where('accountId', '=', accountId).where('key', '=', key),
);

const putValue = prepared((db, { accountId, key, value }: Tables['adapterState']) =>
  db
    .insertInto('adapterState')
    .values({ accountId, key, value })
    .onConflict((conflict) => conflict.columns(['accountId', 'key']).doUpdateSet({ value })),
);
