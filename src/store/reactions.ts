/** Reactions that stand in a room: at most one of each author at each part. */
import type { EventId, PartId, PortalId } from '../model/ids.ts';
import type { Connection } from './kysely.ts';

export interface Reaction {
  readonly portalId: PortalId;
  readonly partId: PartId;
  /** The Matrix user who reacted: a ghost or an official. */
  readonly author: string;
  readonly emoji: string;
  readonly eventId: EventId;
}

export class Reactions {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async at(partId: PartId): Promise<Reaction[]> {
    return this.#db.selectFrom('reaction').selectAll().where('partId', '=', partId).execute();
  }

  async byEventId(eventId: EventId): Promise<Reaction | undefined> {
    return this.#db.selectFrom('reaction').selectAll().where('eventId', '=', eventId).executeTakeFirst();
  }

  /** Replaces what the same author had there. */
  async put(reaction: Reaction): Promise<void> {
    await this.#db
      .insertInto('reaction')
      .values(reaction)
      .onConflict((conflict) =>
        conflict.columns(['partId', 'author']).doUpdateSet({ emoji: reaction.emoji, eventId: reaction.eventId }),
      )
      .execute();
  }

  async remove(eventId: EventId): Promise<void> {
    await this.#db.deleteFrom('reaction').where('eventId', '=', eventId).execute();
  }
}
