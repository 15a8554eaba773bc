/** Looks into the database of a target from beside it: whether anything at all was committed, and which rows. */
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';

export class Stored {
  readonly #database: Database.Database;
  readonly #version: Database.Statement<[], number>;
  readonly #known: Database.Statement<[string, string], number>;

  constructor(directory: string, key: Uint8Array) {
    this.#database = new Database(join(directory, 'chancery.db'), { readonly: true });
    this.#database.pragma("cipher = 'sqlcipher'");
    this.#database.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
    this.#version = this.#database.prepare<[], number>('PRAGMA data_version').pluck();
    this.#known = this.#database
      .prepare<[string, string], number>('SELECT id FROM journal WHERE direction = ? AND dedupe_key = ?')
      .pluck();
  }

  /** Another number after every commit of another connection that changed anything, in whatever table. */
  get version(): number {
    return this.#version.get() ?? 0;
  }

  has(direction: 'in' | 'out', dedupeKey: string): boolean {
    return this.#known.get(direction, dedupeKey) !== undefined;
  }

  close(): void {
    this.#database.close();
  }
}
