/** The durable inbox and outbox: one row for each thing that was received, until it is done and long after. */
import { type Selectable, sql } from 'kysely';
import { type AccountId, asId, type JournalId, type LaneKey } from '../model/ids.ts';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';
import type { Direction, JournalState, Tables } from './schema.ts';

export interface JournalEntry {
  readonly direction: Direction;
  /** A second entry with the same key in the same direction is the same thing, delivered again. */
  readonly dedupeKey: string;
  readonly lane: LaneKey;
  readonly payload: unknown;
  readonly receivedAt: number;
}

export interface JournalRow {
  readonly id: JournalId;
  readonly direction: Direction;
  readonly lane: LaneKey;
  readonly dedupeKey: string;
  readonly payload: unknown;
  readonly state: JournalState;
  readonly attempts: number;
  readonly nextTryAt: number | null;
  readonly lastError: string | null;
  readonly receivedAt: number;
  /** Why an admin took it out of its lane; null for all others. */
  readonly dropped: string | null;
  /** Its entry in the ledger, where one is kept. */
  readonly entry: number | null;
}

export class Journal {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** False when the same thing was already there. `recordedAs`: its entry in the ledger. */
  async add(entry: JournalEntry, recordedAs: number | null = null): Promise<boolean> {
    return this.#insert(entry, { state: 'waiting', lastError: null, entry: recordedAs });
  }

  /** Keeps raw what nobody could read; no lane waits for it. */
  async quarantine(entry: JournalEntry, reason: string): Promise<boolean> {
    return this.#insert(entry, { state: 'quarantined', lastError: reason, entry: null });
  }

  async #insert(entry: JournalEntry, more: Pick<NewRow, 'state' | 'lastError' | 'entry'>): Promise<boolean> {
    const payload = JSON.stringify(entry.payload);
    const { numAffectedRows } = await insertRow(this.#db, { ...entry, payload, ...more });
    return numAffectedRows === 1n;
  }

  async has(direction: Direction, dedupeKey: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('journal')
      .select('id')
      .where('direction', '=', direction)
      .where('dedupeKey', '=', dedupeKey)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The row that a lane has to do next. */
  async head(lane: LaneKey): Promise<JournalRow | undefined> {
    const [row] = await this.open(lane, 1);
    return row;
  }

  /** The rows that a lane has to do, in order. */
  async open(lane: LaneKey, limit: number): Promise<JournalRow[]> {
    const { rows } = await openRows(this.#db, { lane, limit });
    return rows.map((row) => ({ ...row, payload: payloadOf(row.payload) }));
  }

  /** The row that a lane has to do last. */
  async newest(lane: LaneKey): Promise<JournalId | undefined> {
    const row = await this.#db
      .selectFrom('journal')
      .select('id')
      .where('lane', '=', lane)
      .where(isInLane)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.id;
  }

  /** Whether something else is to be done in the same lane after this whose key begins so. */
  async anyBehind({ id, lane }: Pick<JournalRow, 'id' | 'lane'>, prefix: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('journal')
      .select('id')
      .where('lane', '=', lane)
      .where(isInLane)
      .where('id', '>', id)
      .where((eb) => eb(eb.fn<string>('substr', ['dedupeKey', sql`1`, sql`${prefix.length}`]), '=', prefix))
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Lanes with something to do, in pages: those after `after`, at most `limit`. */
  async lanes(direction: Direction, after: LaneKey | undefined, limit: number): Promise<LaneKey[]> {
    const rows = await this.#db
      .selectFrom('journal')
      .select('lane')
      .distinct()
      .where(isInLane)
      .where(sql<boolean>`+direction = ${direction}`)
      .where('lane', '>', after ?? asId<LaneKey>(''))
      .orderBy('lane')
      .limit(limit)
      .execute();
    return rows.map(({ lane }) => lane);
  }

  /** Over: the payload is emptied in the same transaction. */
  async finish(id: JournalId, state: 'done' | 'failed', at: number, reason: string | null = null): Promise<void> {
    await finishRow(this.#db, { id, state, lastError: reason, finishedAt: at });
  }

  async retryAt(id: JournalId, at: number, reason: string): Promise<void> {
    await this.#db
      .updateTable('journal')
      .set(({ eb }) => ({ attempts: eb('attempts', '+', 1), nextTryAt: at, lastError: reason }))
      .where('id', '=', id)
      .execute();
  }

  /** The lane stands still until `release`. */
  async park(id: JournalId, reason: string): Promise<void> {
    await this.#db
      .updateTable('journal')
      .set({ state: 'parked', nextTryAt: null, lastError: reason })
      .where('id', '=', id)
      .execute();
  }

  /** Makes a parked or waiting row due at once; its lane, or undefined when there is no such row. */
  async release(id: JournalId): Promise<LaneKey | undefined> {
    const row = await this.#db
      .updateTable('journal')
      .set({ state: 'waiting', nextTryAt: null, attempts: 0 })
      .where('id', '=', id)
      .where('state', 'in', ['waiting', 'parked'])
      .returning('lane')
      .executeTakeFirst();
    return row?.lane;
  }

  /** Makes everything due at once that waits in the chats of this account; its lanes. */
  async releaseOf(accountId: AccountId): Promise<LaneKey[]> {
    const portals = this.#db.selectFrom('portal').where('accountId', '=', accountId);
    const lanes = [
      portals.select(sql<LaneKey>`'in/' || id`.as('lane')),
      portals.where('roomId', 'is not', null).select(sql<LaneKey>`'out/' || room_id`.as('lane')),
    ] as const;
    const rows = await this.#db
      .updateTable('journal')
      .set({ nextTryAt: null, attempts: 0 })
      .where('state', '=', 'waiting')
      .where('nextTryAt', 'is not', null)
      .where((eb) => eb.or(lanes.map((lane) => eb('lane', 'in', lane))))
      .returning('lane')
      .execute();
    return [...new Set(rows.map(({ lane }) => lane))];
  }

  /**
   * Makes a parked or waiting row due at once, to be taken out of its lane with this reason. One in quarantine is over
   * at once, and so is its payload. Its lane, or undefined when there is no such row.
   */
  async drop(id: JournalId, reason: string, at: number): Promise<LaneKey | undefined> {
    const row = await this.#db
      .updateTable('journal')
      .set({ state: 'waiting', nextTryAt: null, attempts: 0, dropped: reason })
      .where('id', '=', id)
      .where('state', 'in', ['waiting', 'parked'])
      .returning('lane')
      .executeTakeFirst();
    if (row !== undefined) return row.lane;
    const raw = await this.#db
      .updateTable('journal')
      .set({ state: 'failed', payload: null, lastError: reason, finishedAt: at, dropped: reason })
      .where('id', '=', id)
      .where('state', '=', 'quarantined')
      .returning('lane')
      .executeTakeFirst();
    return raw?.lane;
  }

  /** What needs a person's attention, oldest first: parked, quarantined, or tried `attempts` times in vain. */
  async needingAttention(attempts: number, limit: number): Promise<JournalRow[]> {
    const rows = await this.#db
      .selectFrom('journal')
      .selectAll()
      .where(isOpenState)
      .where((eb) => eb.or([eb('state', '!=', 'waiting'), eb('attempts', '>=', attempts)]))
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ ...row, payload: undefined }));
  }

  /** Of what is not over. What is over is not counted: there may be millions, and everything else would wait. */
  async counts(): Promise<Record<OpenState, number>> {
    const rows = await this.#db
      .selectFrom('journal')
      .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
      .where(isOpenState)
      .groupBy('state')
      .execute();
    const counts: Record<OpenState, number> = { waiting: 0, parked: 0, quarantined: 0 };
    for (const { state, count } of rows) if (isOpen(state)) counts[state] = count;
    return counts;
  }
}

// Written out and not bound: SQLite takes a partial index only where it sees, before any value is bound, that it fits.
// A plus sign before a column keeps it from taking the index of that column instead.
const isInLane = sql<boolean>`state IN ('waiting', 'parked')`;
const isOpenState = sql<boolean>`state IN ('waiting', 'parked', 'quarantined')`;

type Row = Selectable<Tables['journal']>;
type NewRow = Pick<
  Row,
  'direction' | 'dedupeKey' | 'lane' | 'payload' | 'state' | 'lastError' | 'receivedAt' | 'entry'
>;

const insertRow = prepared((db, { direction, dedupeKey, lane, payload, state, lastError, receivedAt, entry }: NewRow) =>
  db
    .insertInto('journal')
    .values({
      direction,
      dedupeKey,
      lane,
      payload,
      state,
      nextTryAt: null,
      lastError,
      receivedAt,
      finishedAt: null,
      entry,
    })
    .onConflict((conflict) => conflict.columns(['direction', 'dedupeKey']).doNothing()),
);

const openRows = prepared((db, { lane, limit }: { readonly lane: LaneKey; readonly limit: number }) =>
  db.selectFrom('journal').selectAll().where('lane', '=', lane).where(isInLane).orderBy('id').limit(limit),
);

const finishRow = prepared(
  (db, { id, state, lastError, finishedAt }: Pick<Row, 'id' | 'state' | 'lastError' | 'finishedAt'>) =>
    db
      .updateTable('journal')
      .set({ state, payload: null, nextTryAt: null, lastError, finishedAt })
      .where('id', '=', id),
);

const payloadOf = (payload: string | null): unknown =>
  payload === null ? undefined : (JSON.parse(payload) as unknown);

const openStates = ['waiting', 'parked', 'quarantined'] as const satisfies readonly JournalState[];
type OpenState = (typeof openStates)[number];
const isOpen = (state: JournalState): state is OpenState => openStates.some((open) => open === state);
