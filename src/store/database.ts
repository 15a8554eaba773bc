/**
 * The encrypted database file: SQLCipher format, WAL, every commit on disk before it is reported. One connection
 * writes; another reads what is committed. A second process on the same file is refused.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError, systemCodeOf } from '../base/errors.ts';
import { Checkpoints, checkpoint } from './checkpoints.ts';
import { openKeyed } from './keyed-connection.ts';
import { EntryFile, openLedgerFile } from './ledger-file.ts';
import { moveEntries } from './ledger-move.ts';
import { migrate } from './migrations.ts';

export interface DatabaseFiles {
  readonly writer: Database.Database;
  readonly reader: Database.Database;
  /** The file of the ledger, for reading. */
  readonly ledger: Database.Database;
  /** To be called after each commit. */
  readonly committed: () => void;
  close(): Promise<void>;
}

/**
 * Opens, or makes, `chancery.db` in a folder that only its owner may enter. `key` has 32 bytes.
 * Throws `CH-DATABASE-IN-USE`, `CH-DATABASE-KEY-WRONG`, `CH-DATABASE-NEWER`; nothing is changed then.
 */
export function openDatabase(directory: string, key: Uint8Array): DatabaseFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = takeLock(join(directory, 'chancery.lock'));
  try {
    const path = join(directory, 'chancery.db');
    const isNew = !existsSync(path);
    const writer = openKeyed(path, key, false);
    if (isNew) chmodSync(path, 0o600);
    writer.pragma('journal_mode = WAL');
    writer.pragma('synchronous = FULL');
    // Pages: 64 MB, should the thread for it not keep up.
    writer.pragma('wal_autocheckpoint = 16000');
    writer.pragma('secure_delete = ON');
    writer.pragma('foreign_keys = ON');
    migrate(writer);
    const reader = openKeyed(path, key, true);
    const entries = new EntryFile(directory, key);
    moveEntries(writer, entries);
    entries.close();
    const ledger = openLedgerFile(directory, key);
    ledger.pragma('query_only = ON');
    const checkpoints = new Checkpoints(path, key);
    return {
      writer,
      reader,
      ledger,
      committed: () => checkpoints.committed(),
      async close() {
        await checkpoints.close();
        reader.close();
        ledger.close();
        // One file is left behind where that is possible.
        checkpoint(writer, 'TRUNCATE');
        writer.close();
        lock.close();
      },
    };
  } catch (thrown) {
    lock.close();
    throw thrown;
  }
}

/** The operating system drops this lock with the process, however it ends. */
function takeLock(path: string): Database.Database {
  const lock = new Database(path, { timeout: 0 });
  try {
    chmodSync(path, 0o600);
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    if (systemCodeOf(cause)?.startsWith('SQLITE_BUSY') !== true) throw cause;
    throw new ChanceryError('CH-DATABASE-IN-USE', { place: path, cause });
  }
}
