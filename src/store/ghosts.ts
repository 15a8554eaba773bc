/** Ghosts: which Matrix user stands for which contact, and the name it was last given. */
import type { ContactId, NetworkId, UserId } from '../model/ids.ts';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';

export interface Ghost {
  readonly network: NetworkId;
  readonly contactId: ContactId;
  readonly userId: UserId;
  readonly displayName: string;
}

export class Ghosts {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async get(network: NetworkId, contactId: ContactId): Promise<Ghost | undefined> {
    const { rows } = await ghostOf(this.#db, { network, contactId });
    return rows[0];
  }

  async put(ghost: Ghost): Promise<void> {
    await this.#db
      .insertInto('ghost')
      .values(ghost)
      .onConflict((conflict) =>
        conflict.columns(['network', 'contactId']).doUpdateSet({ displayName: ghost.displayName }),
      )
      .execute();
  }
}

const ghostOf = prepared((db, { network, contactId }: Pick<Ghost, 'network' | 'contactId'>) =>
  db.selectFrom('ghost').selectAll().where('network', '=', network).where('contactId', '=', contactId),
);
