/** Kysely over one connection, with each distinct statement prepared once. */
import type Database from 'better-sqlite3-multiple-ciphers';
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely';
import type { Tables } from './schema.ts';

export type Connection = Kysely<Tables>;

const preparedStatements = 300;

export function kyselyOver(database: Database.Database): Connection {
  const prepared = new Map<string, Database.Statement>();
  const prepare = (sql: string): Database.Statement => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    if (prepared.size >= preparedStatements) prepared.clear();
    prepared.set(sql, statement);
    return statement;
  };
  return new Kysely<Tables>({
    dialect: new SqliteDialect({ database: { prepare, close: () => undefined } }),
    plugins: [new CamelCasePlugin()],
  });
}
