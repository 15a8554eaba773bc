/**
 * The one writer. Work that waits is committed together; a savepoint around each keeps one failure from spoiling its
 * neighbours; a promise resolves only after the commit that holds its work is on disk. A commit costs far more than what
 * is in it, so before each everybody whose request or answer has arrived by now has a turn to join it, and where work
 * keeps coming it is told to wait for company.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';

interface Waiting {
  run(): Promise<void>;
  committed(): void;
  failed(reason: unknown): void;
}

const maxWaiting = 2_000;
const maxTogether = 200;

export interface WriterOptions {
  /**
   * Where commits have followed one another for a while, they are this many milliseconds apart; now and then one is made
   * at once. 0: always at once.
   */
  readonly commitEveryMs: number;
  /** Is told of each commit: how long it took from its beginning until it was on disk, and how much work was in it. */
  readonly onCommit?: (seconds: number, units: number) => void;
}

/** So many commits may be ahead of that measure. */
const ahead = 10;

export class GroupingWriter {
  readonly #database: Database.Database;
  readonly #everyMs: number;
  readonly #onCommit: WriterOptions['onCommit'];
  /** When the measure is used up by the commits so far, on the clock of `performance`. */
  #usedUpTo = 0;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;

  constructor(database: Database.Database, { commitEveryMs, onCommit }: WriterOptions) {
    this.#database = database;
    this.#everyMs = commitEveryMs;
    this.#onCommit = onCommit;
  }

  /**
   * Runs `work`, which may await nothing but queries on the writing connection, and resolves to its result once that
   * is durable. Throws what `work` threw, `CH-STORE-BUSY` when too much waits, `CH-STORE-FAILED` when SQLite fails.
   */
  async write<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting.length >= maxWaiting) throw new ChanceryError('CH-STORE-BUSY');
    return await new Promise<Result>((resolve, reject) => {
      let result: { value: Result } | undefined;
      this.#waiting.push({
        run: async () => {
          result = { value: await work() };
        },
        committed: () => {
          if (result !== undefined) resolve(result.value);
        },
        failed: (reason) => reject(asStoreError(reason)),
      });
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
    const now = performance.now();
    const waitMs = Math.min(this.#everyMs, this.#usedUpTo - now - ahead * this.#everyMs);
    if (waitMs > 0) await delay(waitMs);
    else await new Promise((resolve) => setImmediate(resolve));
    this.#usedUpTo = Math.max(this.#usedUpTo, now) + this.#everyMs;
  }

  async #commitTogether(group: readonly Waiting[]): Promise<void> {
    const alive: Waiting[] = [];
    const began = performance.now();
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const each of group) if (await this.#runInSavepoint(each)) alive.push(each);
      this.#database.exec('COMMIT');
    } catch (reason) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      for (const each of group) each.failed(reason);
      return;
    }
    this.#onCommit?.((performance.now() - began) / 1_000, alive.length);
    for (const each of alive) each.committed();
  }

  /** False when the work failed and only its own changes were taken back. */
  async #runInSavepoint(waiting: Waiting): Promise<boolean> {
    this.#database.exec('SAVEPOINT work');
    try {
      await waiting.run();
      this.#database.exec('RELEASE work');
      return true;
    } catch (reason) {
      // A full disk ends the whole transaction by itself: then nothing of the group is kept.
      if (!this.#database.inTransaction) throw reason;
      this.#database.exec('ROLLBACK TO work; RELEASE work');
      waiting.failed(reason);
      return false;
    }
  }
}

function asStoreError(reason: unknown): Error {
  if (systemCodeOf(reason)?.startsWith('SQLITE_') !== true) return reason as Error;
  return new ChanceryError('CH-STORE-FAILED', { detail: messageOf(reason), cause: reason });
}
