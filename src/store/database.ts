/**
 * The encrypted database file: SQLCipher format, WAL, every commit on disk before it is reported. One connection
 * writes; another reads what is committed. A second process on the same file is refused.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { migrate } from './migrations.ts';

export interface DatabaseFiles {
  readonly writer: Database.Database;
  readonly reader: Database.Database;
  close(): void;
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
    // Pages: 16 MB. What is written again and again goes through the cipher once for many commits on its way back.
    writer.pragma('wal_autocheckpoint = 4000');
    writer.pragma('secure_delete = ON');
    writer.pragma('foreign_keys = ON');
    migrate(writer);
    const reader = openKeyed(path, key, true);
    return {
      writer,
      reader,
      close() {
        reader.close();
        writer.pragma('wal_checkpoint(TRUNCATE)');
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

/** So long everything stands still while another process holds the file; then whoever wanted to write tries again. */
const lockedForMs = 500;

function openKeyed(path: string, key: Uint8Array, readonly: boolean): Database.Database {
  const database = new Database(path, { readonly, timeout: lockedForMs });
  try {
    database.pragma("cipher = 'sqlcipher'");
    database.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
    // What SQLite puts aside while it works would lie unencrypted in a temporary file.
    database.pragma('temp_store = MEMORY');
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return database;
  } catch (cause) {
    database.close();
    if (systemCodeOf(cause) !== 'SQLITE_NOTADB')
      throw new ChanceryError('CH-STORE-FAILED', { place: path, detail: messageOf(cause), cause });
    throw new ChanceryError('CH-DATABASE-KEY-WRONG', { place: path, cause });
  }
}
