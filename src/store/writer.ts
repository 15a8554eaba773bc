/**
 * The one writer. Work that waits is committed together; a savepoint around each keeps one failure from spoiling its
 * neighbours; a promise resolves only after the commit that holds its work is on disk.
 */
import type Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';

interface Waiting {
  run(): Promise<void>;
  committed(): void;
  failed(reason: unknown): void;
}

const maxWaiting = 2_000;
const maxTogether = 200;

/** Is told of each commit: how long it took from its beginning until it was on disk, and how much work was in it. */
export type OnCommit = (seconds: number, units: number) => void;

export class GroupingWriter {
  readonly #database: Database.Database;
  readonly #onCommit: OnCommit | undefined;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;

  constructor(database: Database.Database, onCommit?: OnCommit) {
    this.#database = database;
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
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commitTogether(this.#waiting.splice(0, maxTogether));
    this.#draining = undefined;
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
