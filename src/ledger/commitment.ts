/**
 * What the tree commits to: a digest of each field, salted on its own, so that a field can be left out of a copy and
 * cannot be guessed (RFC 9901, "Disclosures"). Some digests stand for nothing, so that their number tells nothing.
 */
import { hash } from 'node:crypto';

export type Field = readonly [name: string, value: unknown];

export interface Commitment {
  /** UTF-8 JSON: `{"_sd":[digests],"_sd_alg":"sha-256","v":1}`. */
  readonly leaf: Uint8Array;
  readonly disclosures: readonly string[];
}

/** tlog-tiles, "Log entries": the length of an entry has two bytes. */
const maxLeafBytes = 65_535;
/** The number of digests is a multiple of it. */
const digestsTogether = 8;
const saltBytes = 16;
const digestBytes = 32;
const maxDisclosures = 1_000;

/** `seed`: 32 random bytes of this entry alone, from which its salts come (SHAKE256, FIPS 202); whoever has one can try the fields. */
export function commit(fields: readonly Field[], seed: Uint8Array): Commitment {
  const decoys = (digestsTogether - (fields.length % digestsTogether)) % digestsTogether;
  const random = expanded(seed, fields.length, decoys);
  const disclosures = disclosuresWith(random, fields);
  const digests = disclosures.map(digestOf);
  for (let at = fields.length * saltBytes; at < random.length; at += digestBytes)
    digests.push(random.toString('base64url', at, at + digestBytes));
  digests.sort();
  const leaf = Buffer.from(JSON.stringify({ _sd: digests, _sd_alg: 'sha-256', v: 1 }));
  if (leaf.length > maxLeafBytes) throw new Error(`an entry of ${fields.length} fields is too large for the tree`);
  return { leaf, disclosures };
}

/** As `commit` made them of the same fields with the same seed. */
export const disclosuresOf = (fields: readonly Field[], seed: Uint8Array): string[] =>
  disclosuresWith(expanded(seed, fields.length, 0), fields);

const expanded = (seed: Uint8Array, salts: number, decoys: number): Buffer =>
  hash('shake256', seed, { outputEncoding: 'buffer', outputLength: salts * saltBytes + decoys * digestBytes });

const disclosuresWith = (random: Buffer, fields: readonly Field[]): string[] =>
  fields.map(([name, value], at) => {
    const salt = random.toString('base64url', at * saltBytes, (at + 1) * saltBytes);
    return encode(Buffer.from(JSON.stringify([salt, name, value])));
  });

/** The fields that are disclosed, in their order, or what is wrong. Whatever it is given, it does not throw. */
export function opened(
  leaf: Uint8Array,
  disclosures: readonly string[],
): { readonly fields: readonly Field[] } | { readonly fault: string } {
  const digests = digestsIn(leaf);
  if (digests === undefined) return { fault: 'the leaf is none' };
  if (disclosures.length > maxDisclosures) return { fault: 'there are too many disclosures' };
  const fields = new Map<string, unknown>();
  for (const disclosure of disclosures) {
    // Anything else could be read in two ways.
    if (!/^[\w-]+$/.test(disclosure)) return { fault: 'a disclosure is no base64url' };
    if (!digests.has(digestOf(disclosure))) return { fault: 'the leaf does not commit to a disclosure' };
    const parts = jsonIn(Buffer.from(disclosure, 'base64url'));
    if (!Array.isArray(parts) || parts.length !== 3) return { fault: 'a disclosure is none' };
    const [, name, value] = parts as readonly unknown[];
    if (typeof name !== 'string' || fields.has(name)) return { fault: 'a field has no name, or one stands twice' };
    fields.set(name, value);
  }
  return { fields: [...fields] };
}

function digestsIn(leaf: Uint8Array): ReadonlySet<string> | undefined {
  const json = jsonIn(leaf);
  if (leaf.length > maxLeafBytes || typeof json !== 'object' || json === null) return undefined;
  const { _sd: digests, _sd_alg: algorithm, v: version } = json as Readonly<Record<string, unknown>>;
  if (algorithm !== 'sha-256' || version !== 1 || !Array.isArray(digests)) return undefined;
  return digests.every((digest) => typeof digest === 'string') ? new Set(digests) : undefined;
}

/** Undefined where it is none. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as unknown;
  } catch {
    return undefined;
  }
}

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const digestOf = (disclosure: string): string => hash('sha256', disclosure, 'base64url');
