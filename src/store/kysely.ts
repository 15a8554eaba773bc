/** Kysely over a connection to the database, with each distinct statement prepared once. */
import type Database from 'better-sqlite3-multiple-ciphers';
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely';
import type { DatabaseFiles } from './database.ts';
import type { Tables } from './schema.ts';

export type Connection = Kysely<Tables>;

type Prepare = (sql: string) => Database.Statement;

const preparedStatements = 300;

export const kyselyOver = (database: Database.Database): Connection => kyselyWith(preparing(database));

/**
 * For reading only. What is committed is read through the writing connection, whose pages are decrypted already; while
 * a transaction is open there, through the other, which does not see it.
 */
export function kyselyReading({ writer, reader }: Pick<DatabaseFiles, 'writer' | 'reader'>): Connection {
  const [throughWriter, throughReader] = [preparing(writer), preparing(reader)];
  return kyselyWith((sql) => {
    // Kysely runs the statement before anybody else has a turn.
    const statement = writer.inTransaction ? throughReader(sql) : throughWriter(sql);
    if (!statement.readonly) throw new Error('only inside `write` may anything be changed');
    return statement;
  });
}

function preparing(database: Database.Database): Prepare {
  const prepared = new Map<string, Database.Statement>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    if (prepared.size >= preparedStatements) prepared.clear();
    prepared.set(sql, statement);
    return statement;
  };
}

const kyselyWith = (prepare: Prepare): Connection =>
  new Kysely<Tables>({
    dialect: new SqliteDialect({ database: { prepare, close: () => undefined } }),
    plugins: [new CamelCasePlugin()],
  });
