/**
 * Searches everything that a stopped bridge left on disk: for secrets, for words that people said, for what finished
 * rows should have given up. Each finding says where.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { type DatabaseFiles, openDatabase } from '../../src/store/database.ts';
import { readDatabaseKey } from '../../src/vault/database-key.ts';
import type { House } from './house.ts';

/** Files whose purpose is to hold a secret, or the names of the secrets' places. */
const keptOnPurpose = new Set(['database.key', 'registration.yaml', 'chancery.yaml']);
const unfinished = new Set(['waiting', 'parked', 'quarantined']);

/** `words`: what people said and was finished. The bridge must be stopped. Resolves to what was found and where. */
export async function searchHouse(house: House, words: Iterable<string>): Promise<string[]> {
  const said = [...new Set(words)].filter((text) => text.length >= 6);
  const secrets = secretsOf(house);
  const database = await openWithKey(house);
  try {
    return [...onDisk(house, [...secrets, ...said]), ...inTables(database, secrets, said)];
  } finally {
    await database.close();
  }
}

/**
 * Searches the log for what says who wrote to whom: it may stand in the database, sealed, and nowhere else. A number is
 * found however it is written. Resolves to what was found, with the line.
 */
export function searchLog({ bridge }: House, personal: Iterable<string>): string[] {
  const needles = [...new Set(personal)].filter((text) => text.length >= 6);
  return bridge
    .log()
    .split('\n')
    .flatMap((line) =>
      needles
        .filter((needle) => line.includes(needle) || line.includes(encodeURIComponent(needle)))
        .map((needle) => `a line of the log holds ${JSON.stringify(needle)}: ${line}`),
    );
}

/** The whole database as somebody with its key can read it, pages that are not in use any more included. */
export async function decryptedPages(house: House): Promise<Buffer> {
  const database = await openWithKey(house);
  try {
    return database.writer.serialize();
  } finally {
    await database.close();
  }
}

async function openWithKey({ bridge }: House): Promise<DatabaseFiles> {
  const key = await readDatabaseKey({ keyFile: join(bridge.directory, 'database.key'), environment: {} });
  return openDatabase(join(bridge.directory, 'data'), key);
}

/** Tokens, secrets and passwords as they are, and the two that the network's URL-encoding or JSON would not change. */
function secretsOf({ secrets, bridge }: House): string[] {
  const { as_token, hs_token } = parse(readFileSync(bridge.registrationFile, 'utf8')) as Record<string, string>;
  const key = readFileSync(join(bridge.directory, 'database.key'), 'utf8').trim();
  const { accessToken, appSecret, verifyToken } = secrets;
  return [as_token, hs_token, key, accessToken, appSecret, verifyToken].filter((secret) => secret !== undefined);
}

function onDisk({ bridge }: House, needles: readonly string[]): string[] {
  return filesBelow(bridge.directory)
    .filter((path) => !keptOnPurpose.has(relative(bridge.directory, path)))
    .flatMap((path) => {
      const content = readFileSync(path);
      return needles
        .filter((needle) => content.includes(needle))
        .map((needle) => `${relative(bridge.directory, path)} holds ${JSON.stringify(needle)}`);
    });
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const facts = statSync(path);
    if (facts.isDirectory()) return filesBelow(path);
    return facts.isFile() ? [path] : [];
  });
}

function inTables({ reader }: DatabaseFiles, secrets: readonly string[], said: readonly string[]): string[] {
  const tables = reader.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  return tables.flatMap(({ name: table }) =>
    (reader.prepare(`SELECT * FROM "${table}"`).all() as Record<string, unknown>[]).flatMap((row) => {
      const isOpen = table === 'journal' && unfinished.has(String(row['state']));
      const needles = isOpen ? secrets : [...secrets, ...said];
      const kept = isOpen || table !== 'journal' || row['payload'] === null;
      return [
        ...(kept ? [] : [`journal row ${String(row['id'])} is ${String(row['state'])} and keeps its payload`]),
        ...Object.entries(row).flatMap(([column, value]) =>
          needles
            .filter((needle) => textOf(value).includes(needle))
            .map((needle) => `${table}.${column} holds ${JSON.stringify(needle)}`),
        ),
      ];
    }),
  );
}

const textOf = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
