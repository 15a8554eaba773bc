/** One connection to the encrypted database file, in SQLCipher's format. */
import Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';

/** So long everything stands still while another process holds the file; then whoever wanted to write tries again. */
const lockedForMs = 500;

/** `key` has 32 bytes. Throws `CH-DATABASE-KEY-WRONG`, and `CH-STORE-FAILED` when SQLite fails. */
export function openKeyed(path: string, key: Uint8Array, readonly: boolean): Database.Database {
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
