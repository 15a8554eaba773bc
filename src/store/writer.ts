/**
 * The one writer. Work that waits is committed together; a savepoint around each keeps one failure from spoiling its
 * neighbours; a promise resolves only after the commit that holds its work is on disk. A commit costs far more than what
 * is in it, so before each everybody whose request or answer has arrived by now has a turn to join it; work that is in no
 * hurry waits a moment for the commit of some that is.
 */
import type Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';

interface Waiting {
  readonly isUrgent: boolean;
  run(): Promise<void>;
  committed(): void;
  failed(reason: unknown): void;
}

const maxWaiting = 2_000;
const maxTogether = 200;

/** Each lets in everybody whose request has arrived by now; more of them no longer find anybody. */
const turnsForCompany = 3;

/** So long waits what is in no hurry; a third of what a homeserver needs for one event. */
const patienceMs = 5;

/** Is told of each commit: how long it took from its beginning until it was on disk, and how much work was in it. */
export type OnCommit = (seconds: number, units: number) => void;

/** Whoever adds to each commit what belongs to the work in it. */
export interface Participant {
  /** The next piece of work begins. */
  workBegins(): void;
  /** What belongs to the piece of work that began last was taken back. */
  workTakenBack(): void;
  /** The last thing before the commit, in its transaction. When it throws, all of the work fails with what it threw. */
  beforeCommit(): Promise<void>;
  committed(): void;
  /** None of the work was committed. */
  takenBack(): void;
}

export interface WriterOptions {
  readonly onCommit?: OnCommit;
  readonly participant?: Participant;
}

export class GroupingWriter {
  readonly #database: Database.Database;
  readonly #options: WriterOptions;
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  /** Ends the waiting for company. */
  #hurry: () => void = () => undefined;

  constructor(database: Database.Database, options: WriterOptions = {}) {
    this.#database = database;
    this.#options = options;
    this.#savepoint = database.prepare('SAVEPOINT work');
    this.#release = database.prepare('RELEASE work');
  }

  /**
   * Runs `work`, which may await nothing but queries on the writing connection, and resolves to its result once that
   * is durable. Throws what `work` threw, `CH-STORE-BUSY` when too much waits, `CH-STORE-FAILED` when SQLite fails.
   */
  write<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#add(work, true);
  }

  /** As `write`, for what nobody waits for: it may take a few milliseconds more, and often costs no commit of its own. */
  writeSoon<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#add(work, false);
  }

  async #add<Result>(work: () => Promise<Result>, isUrgent: boolean): Promise<Result> {
    if (this.#waiting.length >= maxWaiting) throw new ChanceryError('CH-STORE-BUSY');
    return await new Promise<Result>((resolve, reject) => {
      let result: { value: Result } | undefined;
      this.#waiting.push({
        isUrgent,
        run: async () => {
          result = { value: await work() };
        },
        committed: () => {
          if (result !== undefined) resolve(result.value);
        },
        failed: (reason) => reject(asStoreError(reason)),
      });
      if (isUrgent) this.#hurry();
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    do {
      await this.#company();
      await this.#commitTogether(this.#waiting.splice(0, maxTogether));
    } while (this.#waiting.length > 0);
    this.#draining = undefined;
  }

  async #company(): Promise<void> {
    for (let turns = 0; turns < turnsForCompany; turns += 1) await turn();
    if (this.#waiting.some(({ isUrgent }) => isUrgent)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = () => undefined;
    await turn();
  }

  async #commitTogether(group: readonly Waiting[]): Promise<void> {
    const alive: Waiting[] = [];
    const began = performance.now();
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const each of group) if (await this.#runInSavepoint(each)) alive.push(each);
      await this.#options.participant?.beforeCommit();
      this.#database.exec('COMMIT');
    } catch (reason) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      this.#options.participant?.takenBack();
      for (const each of group) each.failed(reason);
      return;
    }
    this.#options.participant?.committed();
    this.#options.onCommit?.((performance.now() - began) / 1_000, alive.length);
    for (const each of alive) each.committed();
  }

  /** False when the work failed and only its own changes were taken back. */
  async #runInSavepoint(waiting: Waiting): Promise<boolean> {
    this.#savepoint.run();
    this.#options.participant?.workBegins();
    try {
      await waiting.run();
      this.#release.run();
      return true;
    } catch (reason) {
      // A full disk ends the whole transaction by itself: then nothing of the group is kept.
      if (!this.#database.inTransaction) throw reason;
      this.#database.exec('ROLLBACK TO work; RELEASE work');
      this.#options.participant?.workTakenBack();
      waiting.failed(reason);
      return false;
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function asStoreError(reason: unknown): Error {
  if (systemCodeOf(reason)?.startsWith('SQLITE_') !== true) return reason as Error;
  return new ChanceryError('CH-STORE-FAILED', { detail: messageOf(reason), cause: reason });
}
