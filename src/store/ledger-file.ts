/**
 * The entries of the ledger lie in a file of their own, `ledger.db`, encrypted as the database is. One thread writes it,
 * so that sealing keeps nobody waiting who wants to write the database; everybody may read it.
 */
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError } from '../base/errors.ts';
import type { PortalId } from '../model/ids.ts';
import type { Entry } from './schema.ts';
import { openKeyed } from './keyed-connection.ts';

const schema = 1;
const statements = `
  CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event_id TEXT,
    epoch_id INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    sealed BLOB NOT NULL
  ) STRICT;
  CREATE INDEX entry_portal ON entry (portal_id, number, recorded_at);
  CREATE INDEX entry_event ON entry (event_id) WHERE event_id IS NOT NULL;
`;

/** Makes the file where there is none. `key` has 32 bytes. For the errors see `openDatabase`. */
export function openLedgerFile(directory: string, key: Uint8Array): Database.Database {
  const path = join(directory, 'ledger.db');
  const isNew = !existsSync(path);
  const database = openKeyed(path, key, false);
  if (isNew) chmodSync(path, 0o600);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const present = Number(database.pragma('user_version', { simple: true }));
  if (present > schema) {
    database.close();
    throw new ChanceryError('CH-DATABASE-NEWER', { place: path, detail: `Its schema is number ${present}.` });
  }
  if (present < schema)
    database.transaction(() => {
      database.exec(statements);
      database.pragma(`user_version = ${schema}`);
    })();
  return database;
}

/** The one writer of the entries; for a thread that may wait for the disk. */
export class EntryFile {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement;
  readonly #count: Database.Statement;
  readonly #countOf: Database.Statement;

  constructor(directory: string, key: Uint8Array) {
    const database = openLedgerFile(directory, key);
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO entry (number, portal_id, seq, kind, at, recorded_at, event_id, epoch_id, leaf, sealed)
       VALUES (@number, @portalId, @seq, @kind, @at, @recordedAt, @eventId, @epochId, @leaf, @sealed)`,
    );
    this.#count = database.prepare('SELECT max(number) + 1 FROM entry').pluck();
    this.#countOf = database.prepare('SELECT seq FROM entry WHERE portal_id = ? ORDER BY number DESC LIMIT 1').pluck();
  }

  /** The number of the next. */
  count(): number {
    return Number(this.#count.get() ?? 0);
  }

  countOf(portalId: PortalId): number {
    return Number(this.#countOf.get(portalId) ?? 0);
  }

  /** All of them or none; on disk when it returns. Throws what SQLite throws. */
  add(entries: readonly Entry[]): void {
    this.#database.transaction(() => {
      for (const entry of entries) this.#insert.run(entry);
    })();
  }

  close(): void {
    this.#database.close();
  }
}
