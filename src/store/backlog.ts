/**
 * How much is not done yet, for those who watch the bridge. Only what is open is looked at, through the indexes that
 * hold nothing else: millions of finished rows cost nothing, a hundred thousand open ones a few milliseconds.
 */
import { sql } from 'kysely';
import { asId, type JournalId, type LaneKey } from '../model/ids.ts';
import type { Connection } from './kysely.ts';
import type { Direction } from './schema.ts';

export interface OpenLanes {
  readonly rows: number;
  readonly lanes: number;
  /** Rows of the lane that has most. */
  readonly deepest: number;
  /** Milliseconds since the Unix epoch; undefined when nothing is open. */
  readonly oldestAt: number | undefined;
}

// Written out and not bound: SQLite takes a partial index only where it sees, before any value is bound, that it fits.
const isInLane = sql<boolean>`state IN ('waiting', 'parked')`;
const isOpen = sql<boolean>`state IN ('waiting', 'parked', 'quarantined')`;
const isUnsettled = sql<boolean>`state IN ('pending', 'sending', 'uncertain', 'failed')`;

export class Backlog {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async openLanes(direction: Direction): Promise<OpenLanes> {
    const lanes = this.#db
      .selectFrom('journal')
      .select((eb) => ['lane', eb.fn.countAll<number>().as('depth'), eb.fn.min('id').as('oldest')])
      .where(isInLane)
      // Names of lanes begin with their direction and a slash; the character that follows the slash is the zero.
      .where('lane', '>=', asId<LaneKey>(`${direction}/`))
      .where('lane', '<', asId<LaneKey>(`${direction}0`))
      .groupBy('lane');
    const { rows, deepest, oldest, ...counted } = await this.#db
      .selectFrom(lanes.as('open'))
      .select((eb) => [
        eb.fn.countAll<number>().as('lanes'),
        eb.fn.sum<number | null>('depth').as('rows'),
        eb.fn.max<number | null>('depth').as('deepest'),
        eb.fn.min<JournalId | null>('oldest').as('oldest'),
      ])
      .executeTakeFirstOrThrow();
    return {
      ...counted,
      rows: rows ?? 0,
      deepest: deepest ?? 0,
      oldestAt: oldest === null ? undefined : await this.#receivedAt(oldest),
    };
  }

  /** Lanes that stand still: each has one parked row, its head. */
  async parkedLanes(): Promise<Record<Direction, number>> {
    const counted = await this.#db
      .selectFrom('journal')
      .select((eb) => ['direction', eb.fn.countAll<number>().as('count')])
      .where(isOpen)
      .where('state', '=', 'parked')
      .groupBy('direction')
      .execute();
    const parked: Record<Direction, number> = { in: 0, out: 0 };
    for (const { direction, count } of counted) parked[direction] = count;
    return parked;
  }

  async quarantined(): Promise<number> {
    const { count } = await this.#db
      .selectFrom('journal')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where(isOpen)
      .where('state', '=', 'quarantined')
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Parts of messages of which nobody can tell whether they were sent. */
  async uncertain(): Promise<number> {
    const { count } = await this.#db
      .selectFrom('part')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where(isUnsettled)
      .where('state', '=', 'uncertain')
      .executeTakeFirstOrThrow();
    return count;
  }

  async #receivedAt(id: JournalId): Promise<number | undefined> {
    const row = await this.#db.selectFrom('journal').select('receivedAt').where('id', '=', id).executeTakeFirst();
    return row?.receivedAt;
  }
}
