/** Until schema 7 the entries lay in the database itself: what is there goes into the file of the ledger, once. */
import type Database from 'better-sqlite3-multiple-ciphers';
import type { Entry } from './schema.ts';
import type { EntryFile } from './ledger-file.ts';

const atOnce = 500;

/** May be broken off anywhere and begun again. Throws what SQLite throws. */
export function moveEntries(from: Database.Database, to: EntryFile): void {
  const isThere = from.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'entry'`).get();
  if (isThere === undefined) return;
  const some = from.prepare(
    `SELECT number, portal_id AS portalId, seq, kind, at, recorded_at AS recordedAt, event_id AS eventId,
            epoch_id AS epochId, leaf, sealed
     FROM entry WHERE number >= ? ORDER BY number LIMIT ${atOnce}`,
  );
  for (;;) {
    const entries = some.all(to.count()) as Entry[];
    if (entries.length === 0) break;
    to.add(entries);
  }
  from.exec('DROP TABLE entry');
}
