/** Queries that run for every message: what Kysely makes of them is kept, and only the values are put in at each call. */
import type { Compilable, CompiledQuery, QueryResult } from 'kysely';
import type { Connection } from './kysely.ts';

/** Stands in the query for the value of this name. */
class Placeholder {
  readonly name: string | symbol;

  constructor(name: string | symbol) {
    this.name = name;
  }
}

const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(name) });

/**
 * `build` is called once. It may hand the values to Kysely, by name, and do nothing else with them: they are not there
 * yet. The SQL must be the same for whatever they will be.
 */
export function prepared<Values extends object, Row>(
  build: (db: Connection, values: Values) => Compilable<Row>,
): (db: Connection, values: Values) => Promise<QueryResult<Row>> {
  let query: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    query ??= build(db, placeholders as Values).compile();
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? (Reflect.get(values, parameter.name) as unknown) : parameter,
    );
    return await db.executeQuery({ ...query, parameters });
  };
}
