/** The ledger's entries as they lie here: sealed, numbered without a gap, each with the leaf that commits to it. */
import type { Selectable } from 'kysely';
import type { EventId, PortalId } from '../model/ids.ts';
import type { HappeningKind } from '../model/happening.ts';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './schema.ts';

export type Entry = Selectable<Tables['entry']>;
export type Epoch = Selectable<Tables['epoch']>;

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

  /** How many there are of this chat. */
  async countOf(portalId: PortalId): Promise<number> {
    const { rows } = await latestOfPortal(this.#db, { portalId });
    return rows[0]?.seq ?? 0;
  }

  async add(entry: Entry): Promise<void> {
    await insertEntry(this.#db, entry);
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
    let query = this.#db.selectFrom('entry').selectAll().where('number', '>', after).orderBy('number').limit(limit);
    if (portals !== undefined) query = query.where('portalId', 'in', portals);
    if (from !== undefined) query = query.where('recordedAt', '>=', from);
    if (to !== undefined) query = query.where('recordedAt', '<', to);
    return query.execute();
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

  /** Of each chat, how many there are and the number of the last. */
  async sequences(): Promise<{ portalId: PortalId; count: number; last: number }[]> {
    const rows = await this.#db
      .selectFrom('entry')
      .select((eb) => ['portalId', eb.fn.countAll<number>().as('count'), eb.fn.max<number>('seq').as('last')])
      .groupBy('portalId')
      .execute();
    return rows;
  }

  /** Those entries of a chat that are events, in order. */
  async eventsOf(portalId: PortalId): Promise<{ eventId: EventId; recordedAt: number }[]> {
    const rows = await this.#db
      .selectFrom('entry')
      .select(['eventId', 'recordedAt'])
      .where('portalId', '=', portalId)
      .where('eventId', 'is not', null)
      .orderBy('seq')
      .execute();
    return rows.flatMap(({ eventId, recordedAt }) => (eventId === null ? [] : [{ eventId, recordedAt }]));
  }

  async beginEpoch(epoch: Omit<Epoch, 'id'>): Promise<number> {
    const { id } = await this.#db.insertInto('epoch').values(epoch).returning('id').executeTakeFirstOrThrow();
    return id;
  }

  /** The key of the epoch, wrapped for others. */
  async rewrapEpoch(id: number, wrappedKey: string): Promise<void> {
    await this.#db.updateTable('epoch').set({ wrappedKey }).where('id', '=', id).execute();
  }

  /** In order, those after `after`. */
  async epochs(after: number, limit: number): Promise<Epoch[]> {
    return this.#db.selectFrom('epoch').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute();
  }
}

const latestEntry = prepared((db) => db.selectFrom('entry').select('number').orderBy('number', 'desc').limit(1));
const latestOfPortal = prepared((db, { portalId }: { readonly portalId: PortalId }) =>
  db.selectFrom('entry').select('seq').where('portalId', '=', portalId).orderBy('seq', 'desc').limit(1),
);
const insertEntry = prepared((db, entry: Entry) =>
  db.insertInto('entry').values({
    number: entry.number,
    portalId: entry.portalId,
    seq: entry.seq,
    kind: entry.kind satisfies HappeningKind,
    at: entry.at,
    recordedAt: entry.recordedAt,
    eventId: entry.eventId,
    epochId: entry.epochId,
    leaf: entry.leaf,
    sealed: entry.sealed,
  }),
);
