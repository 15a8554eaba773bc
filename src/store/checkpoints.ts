/**
 * Carries what is committed from the log back into the database file, on a thread of its own: whoever waits for a commit
 * would otherwise wait, now and then, for many megabytes. Without the thread SQLite does it by itself, with that delay.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3-multiple-ciphers';
import { systemCodeOf } from '../base/errors.ts';

/** What is written again and again goes back once for so many commits. */
const commitsBetween = 50;

export interface CheckpointThreadData {
  readonly path: string;
  readonly key: Uint8Array;
}

/** The thread ends when it is told so; anything else is a request to begin. */
export const endOfThread = 'end';

/** One checkpoint, as far as it goes now: on a full disk the log stays beside the file, and nothing is lost. */
export function checkpoint(database: Database.Database, mode: 'PASSIVE' | 'TRUNCATE'): void {
  try {
    database.pragma(`wal_checkpoint(${mode})`);
  } catch (thrown) {
    if (systemCodeOf(thrown)?.startsWith('SQLITE_') !== true) throw thrown;
  }
}

export class Checkpoints {
  readonly #data: CheckpointThreadData;
  #commits = 0;
  #worker: Worker | undefined;
  /** Resolves when the thread has ended, whenever and however. */
  #ended: Promise<void> = Promise.resolve();
  #isBusy = false;

  constructor(path: string, key: Uint8Array) {
    this.#data = { path, key };
  }

  committed(): void {
    this.#commits += 1;
    if (this.#commits < commitsBetween || this.#isBusy) return;
    this.#commits = 0;
    this.#isBusy = true;
    this.#worker ??= this.#started();
    this.#worker.postMessage('begin');
  }

  async close(): Promise<void> {
    this.#worker?.postMessage(endOfThread);
    await this.#ended;
  }

  #started(): Worker {
    const file = new URL(`./checkpoint-thread${extname(import.meta.filename)}`, import.meta.url);
    const worker = new Worker(file, { workerData: this.#data });
    worker.on('message', () => {
      this.#isBusy = false;
    });
    // Stays busy: SQLite goes on by itself.
    worker.on('error', () => undefined);
    worker.unref();
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    return worker;
  }
}
