/** An entry as it is sealed: its fields and the seed of their salts, from which what its leaf commits to can be made again. */
import { disclosuresOf, type Field } from './commitment.ts';

export const seedBytes = 32;

/** UTF-8 JSON: `[seed, fields]`. */
export const entryText = (fields: readonly Field[], seed: Uint8Array): Uint8Array =>
  Buffer.from(JSON.stringify([Buffer.from(seed).toString('base64url'), fields]));

/** Its disclosures; undefined where it is none. Whatever it is given, it does not throw. */
export function disclosuresIn(text: Uint8Array): string[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text).toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(json)) return undefined;
  // Until 2026-11 the disclosures themselves were sealed.
  if (json.every((item) => typeof item === 'string')) return json;
  const [seed, fields] = json as readonly unknown[];
  if (typeof seed !== 'string' || !isFields(fields)) return undefined;
  return disclosuresOf(fields, Buffer.from(seed, 'base64url'));
}

const isFields = (fields: unknown): fields is readonly Field[] =>
  Array.isArray(fields) &&
  fields.every((field) => Array.isArray(field) && field.length === 2 && typeof field[0] === 'string');
