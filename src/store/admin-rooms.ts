/** The rooms in which admins want to be told something unasked, where they chose one. */
import type { RoomId, UserId } from '../model/ids.ts';
import type { Connection } from './kysely.ts';

export class AdminRoomChoices {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async of(userId: UserId): Promise<RoomId | undefined> {
    const row = await this.#db.selectFrom('adminRoom').select('roomId').where('userId', '=', userId).executeTakeFirst();
    return row?.roomId;
  }

  async put(userId: UserId, roomId: RoomId): Promise<void> {
    await this.#db
      .insertInto('adminRoom')
      .values({ userId, roomId })
      .onConflict((conflict) => conflict.column('userId').doUpdateSet({ roomId }))
      .execute();
  }
}
