/** In what two registrations differ, without telling a token. */
import { isDeepStrictEqual } from 'node:util';
import type { Registration } from './read-registration.ts';

const settings = [
  'id',
  'url',
  'sender_localpart',
  'rate_limited',
  'receive_ephemeral',
  'io.element.msc4190',
  'namespaces',
] as const;
const tokens = ['as_token', 'hs_token'] as const;

type Comparable = Readonly<Partial<Record<(typeof settings)[number] | (typeof tokens)[number], unknown>>>;

/** Their settings: what the configuration decides. */
export const differingKeys = (one: Registration, other: Comparable): string[] => differing(settings, one, other);

/** Their tokens as well. */
export const allDifferingKeys = (one: Registration, other: Comparable): string[] =>
  differing([...settings, ...tokens], one, other);

function differing(keys: readonly (keyof Comparable)[], one: Comparable, other: Comparable): string[] {
  return keys.filter((key) => !isDeepStrictEqual(plain(one[key]), plain(other[key])));
}

/** As it is written in a file. */
const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
