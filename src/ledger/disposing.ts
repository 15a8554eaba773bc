/**
 * Destroys entries lawfully: who did it, why, how many and which is an entry itself; then their keys are overwritten. Their
 * leaves stay, so the tree still holds. What is on record as destroyed is destroyed again at each start: after a crash in
 * between, and after an older file of keys, or an older database, was put back.
 */
import { randomBytes } from 'node:crypto';
import { ChanceryError } from '../base/errors.ts';
import type { Log } from '../base/logging.ts';
import { reached } from '../base/named-points.ts';
import type { Happening } from '../model/happening.ts';
import { areRanges, below, countIn, type NumberRanges, numbersIn } from '../model/number-ranges.ts';
import type { Disposal } from '../store/disposals.ts';
import type { Store, UnitOfWork } from '../store/store.ts';
import type { EntryKeys } from '../vault/entry-keys.ts';
import type { DisposalFile } from './disposal-file.ts';

export interface DisposingOptions {
  readonly store: Store;
  readonly keys: EntryKeys;
  /** Beside the database: without it a restored database would not know. */
  readonly file: DisposalFile;
  /** Best effort. */
  readonly outside: DisposalFile | undefined;
  /** Resolves when everything that is recorded by now is an entry. */
  readonly settled: () => Promise<void>;
  readonly log: Log;
  readonly now: () => number;
}

export interface DisposalOrder {
  /** Who is known to have asked for it. */
  readonly officer: string;
  readonly reason: string;
  readonly ranges: NumberRanges;
}

export interface Disposed {
  /** The entry that says so. */
  readonly number: number;
  readonly entries: number;
}

const atOnce = 50_000;

export class Disposing {
  readonly #options: DisposingOptions;

  constructor(options: DisposingOptions) {
    this.#options = options;
  }

  /** For the start, once something can be recorded. Throws `CH-STORE-FAILED`. */
  async replay(): Promise<void> {
    const { store, log, file, outside, settled } = this.#options;
    const known = new Set((await store.read.disposals.all()).map(({ id }) => id));
    const written = new Map<string, Disposal>();
    for (const place of [...(outside === undefined ? [] : [outside]), file])
      for (const disposal of await this.#in(place)) written.set(disposal.id, disposal);
    const lost = [...written.values()].filter(({ id }) => !known.has(id));
    if (lost.length > 0) {
      log.warn(
        { disposals: lost.length },
        'the database is older than what was destroyed since: that is destroyed again',
      );
      await settled();
      const end = await store.read.entries.count();
      // What comes later under such a number is another entry: it must not be destroyed at the next start.
      const again = lost.map((disposal) => ({ ...disposal, ranges: below(end, disposal.ranges) }));
      await store.write(async (unit) => {
        for (const disposal of again) await this.#record(unit, disposal, { content: { again: disposal.id } });
      });
    }
    await this.#carryOut(await store.read.disposals.all(), written);
  }

  /**
   * Resolves when the keys are overwritten. Throws `CH-COMMAND-INVALID` for numbers that are no entries or are of the
   * house, whose entries say who did what; and `CH-STORE-FAILED`: once it is on record, the next start carries it out.
   */
  async dispose({ officer, reason, ranges }: DisposalOrder): Promise<Disposed> {
    const { store, now } = this.#options;
    await this.#mustBeDisposable(ranges);
    const disposal = { id: randomBytes(16).toString('hex'), at: now(), ranges };
    const more = { author: { id: officer }, reason };
    const number = await store.write((unit) => this.#record(unit, disposal, more));
    reached('disposal.recorded');
    await this.#carryOut([{ ...disposal, entry: number }]);
    return { number, entries: countIn(ranges) };
  }

  async #record(
    unit: UnitOfWork,
    { id, at, ranges }: Omit<Disposal, 'entry'>,
    { content, ...more }: Partial<Happening>,
  ): Promise<number> {
    const told = { ...(content as object | undefined), entries: countIn(ranges), ranges };
    const entry = await unit.ledger.record({ kind: 'disposal', at, ...more, content: told });
    if (entry === null) throw new ChanceryError('CH-STORE-FAILED', { detail: 'No ledger is kept.' });
    await unit.disposals.add({ id, at, entry, ranges });
    return entry;
  }

  /** What stands in one of the files gets into the other as it stands there. */
  async #carryOut(disposals: readonly Disposal[], written?: ReadonlyMap<string, Disposal>): Promise<void> {
    const { keys, file, outside, log } = this.#options;
    for (const { ranges } of disposals) for (const some of numbersIn(ranges, atOnce)) await keys.destroy(some);
    const lines = disposals.map((disposal) => written?.get(disposal.id) ?? disposal);
    try {
      await outside?.complete(lines);
    } catch (thrown) {
      log.error({ err: thrown }, 'what was destroyed could not be put outside: the next start tries again');
    }
    await file.complete(lines);
  }

  async #mustBeDisposable(ranges: NumberRanges): Promise<void> {
    const { store, settled } = this.#options;
    const { entries } = store.read;
    await settled();
    const [first, last] = [ranges[0]?.[0], ranges.at(-1)?.[1]];
    if (first === undefined || last === undefined || !areRanges(ranges) || last >= (await entries.count()))
      throw refused('Expected numbers of entries that are recorded, in ascending ranges.');
    let place = 0;
    for (const number of await entries.ofHouse(first, last)) {
      while ((ranges[place]?.[1] ?? Number.POSITIVE_INFINITY) < number) place += 1;
      if ((ranges[place]?.[0] ?? Number.POSITIVE_INFINITY) <= number)
        throw refused(`Entry ${number} is of the house, not of a chat: what officers and admins did stays on record.`);
    }
  }

  /** One outside that cannot be read is passed over. */
  async #in(place: DisposalFile): Promise<readonly Disposal[]> {
    const { log, outside } = this.#options;
    try {
      const { disposals, others } = await place.read();
      if (others > 0)
        log.warn({ path: place.path, lines: others }, 'what is no disposal of this ledger is passed over');
      return disposals;
    } catch (thrown) {
      if (place !== outside) throw thrown;
      log.warn({ err: thrown }, 'the disposals outside could not be read');
      return [];
    }
  }
}

const refused = (detail: string): ChanceryError => new ChanceryError('CH-COMMAND-INVALID', { detail });
