/** The ledger's entries as they lie here: sealed, numbered without a gap, each with the leaf that commits to it. */
import type { EventId, PortalId } from '../model/ids.ts';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';
import type { Entry } from './schema.ts';

/** Of which entries something is wanted; all of them where nothing is said. Times: when they were recorded. */
export interface EntryFilter {
  readonly portals?: readonly PortalId[];
  readonly from?: number;
  readonly to?: number;
}

/** Stands for the house in the place of a chat. */
export const theHouse = 0 as PortalId;

export class Entries {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** How many there are, which is the number of the next. */
  async count(): Promise<number> {
    const { rows } = await latestEntry(this.#db, {});
    return (rows[0]?.number ?? -1) + 1;
  }

  async hasEvent(eventId: EventId): Promise<boolean> {
    const row = await this.#db.selectFrom('entry').select('number').where('eventId', '=', eventId).executeTakeFirst();
    return row !== undefined;
  }

  /** The leaves from this number on, in order. */
  async leaves(from: number, limit: number): Promise<Uint8Array[]> {
    const rows = await this.#db
      .selectFrom('entry')
      .select('leaf')
      .where('number', '>=', from)
      .orderBy('number')
      .limit(limit)
      .execute();
    return rows.map(({ leaf }) => leaf);
  }

  /** In order, those after `after`. */
  async page({ portals, from, to }: EntryFilter, after: number, limit: number): Promise<Entry[]> {
    // Which they are is in the index: only then are they read.
    let wanted = this.#db
      .selectFrom('entry')
      .select('number')
      .where('number', '>', after)
      .orderBy('number')
      .limit(limit);
    if (portals !== undefined) wanted = wanted.where('portalId', 'in', portals);
    if (from !== undefined) wanted = wanted.where('recordedAt', '>=', from);
    if (to !== undefined) wanted = wanted.where('recordedAt', '<', to);
    return this.#db.selectFrom('entry').selectAll().where('number', 'in', wanted).orderBy('number').execute();
  }

  /** Those from `from` up to and with `to` that are of the house, in order. */
  async ofHouse(from: number, to: number): Promise<number[]> {
    const rows = await this.#db
      .selectFrom('entry')
      .select('number')
      .where('portalId', '=', theHouse)
      .where('number', '>=', from)
      .where('number', '<=', to)
      .orderBy('number')
      .execute();
    return rows.map(({ number }) => number);
  }

  /** Of each chat, how many there are and the number within the chat of the last. */
  async sequences(): Promise<{ portalId: PortalId; count: number; last: number }[]> {
    // This much is in the index.
    const counted = await this.#db
      .selectFrom('entry')
      .select((eb) => ['portalId', eb.fn.countAll<number>().as('count'), eb.fn.max<number>('number').as('latest')])
      .groupBy('portalId')
      .execute();
    const sequences: { portalId: PortalId; count: number; last: number }[] = [];
    for (const { portalId, count, latest } of counted) {
      const { seq } = await this.#db
        .selectFrom('entry')
        .select('seq')
        .where('number', '=', latest)
        .executeTakeFirstOrThrow();
      sequences.push({ portalId, count, last: seq });
    }
    return sequences;
  }

  /** Those entries of a chat that are events, in order. */
  async eventsOf(portalId: PortalId): Promise<{ eventId: EventId; recordedAt: number }[]> {
    const rows = await this.#db
      .selectFrom('entry')
      .select(['eventId', 'recordedAt'])
      .where('portalId', '=', portalId)
      .where('eventId', 'is not', null)
      .orderBy('number')
      .execute();
    return rows.flatMap(({ eventId, recordedAt }) => (eventId === null ? [] : [{ eventId, recordedAt }]));
  }
}

const latestEntry = prepared((db) => db.selectFrom('entry').select('number').orderBy('number', 'desc').limit(1));
