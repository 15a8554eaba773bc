/**
 * Damage to JSON that stays JSON, mostly: other types, numbers out of bounds, the names that JavaScript knows, keys
 * twice, nests, half letters. It is written as text, because values could not hold all of it.
 */
import type { Dice } from '../dice.ts';
import { hostileText } from './text.ts';

const literals: readonly [string, ...string[]] = [
  ...(['null', 'true', 'false', '0', '-0', '-1', '1.5', '1e308', '1e999', '-1e999', '9007199254740993'] as const),
  ...(['123456789012345678901234567890', '1e-400', 'NaN', 'Infinity', 'undefined', '01', '""', '[]', '{}'] as const),
  ...(['[[]]', '[null]', '{"":null}', '{"__proto__":{"id":"x"}}', '{"constructor":{"prototype":{}}}'] as const),
  ...(['{"toString":1,"valueOf":1,"length":-1}', '{"then":1}', '"__proto__"', '"constructor"'] as const),
  ...([String.raw`"\ud800"`, String.raw`"\u0000"`, String.raw`"\udc00\ud800"`, String.raw`"\u202e"`, '" "'] as const),
];

const keys: readonly [string, ...string[]] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
  'toJSON',
  '',
  '0',
];

const depths: readonly [number, ...number[]] = [10, 60, 63, 64, 65, 100, 1_000, 10_000];

/** Characters. */
const mostRepeated = 20_000;

/** What stands in the place of a value. `whole` is the value that stood there, as text. */
function instead(dice: Dice, whole: string): string {
  switch (dice.below(8)) {
    case 0: {
      const depth = dice.pick(depths);
      return `${'['.repeat(depth)}${whole}${']'.repeat(depth)}`;
    }
    case 1: {
      const depth = dice.pick(depths);
      return `${'{"a":'.repeat(depth)}${whole}${'}'.repeat(depth)}`;
    }
    case 2:
      return `[${Array.from({ length: dice.chance(10) ? Math.ceil(mostRepeated / (whole.length + 1)) : 3 }, () => whole).join(',')}]`;
    case 3:
      return JSON.stringify(hostileText(dice));
    default:
      return dice.pick(literals);
  }
}

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + (inner === undefined ? 0 : countOf(inner)), 1);
}

class HostileWriter {
  readonly #dice: Dice;
  readonly #hits: ReadonlySet<number>;
  #seen = 0;

  constructor(dice: Dice, hits: ReadonlySet<number>) {
    this.#dice = dice;
    this.#hits = hits;
  }

  write(value: unknown): string {
    const isHit = this.#hits.has(this.#seen);
    this.#seen += 1;
    const whole = this.#whole(value, isHit);
    return isHit ? instead(this.#dice, whole) : whole;
  }

  #whole(value: unknown, isHit: boolean): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.write(item)).join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => `${JSON.stringify(key)}:${this.write(inner)}`);
    if (isHit) this.#meddle(members);
    return `{${members.join(',')}}`;
  }

  /** With the members of an object that was hit: one twice, one gone, one too many, one under another name. */
  #meddle(members: string[]): void {
    const dice = this.#dice;
    const at = dice.below(members.length + 1);
    const name = dice.chance(50) ? dice.pick(keys) : hostileText(dice);
    const stranger = `${JSON.stringify(name)}:${dice.pick(literals)}`;
    switch (dice.below(4)) {
      case 0:
        members.splice(at, 0, members.at(dice.below(members.length)) ?? stranger);
        break;
      case 1:
        members.splice(at, 1);
        break;
      case 2:
        members.splice(at, 0, stranger);
        break;
      default:
        members.splice(at, 1, stranger);
    }
  }
}

/** One to four places of the value are damaged; some writers also put white space or an order mark before it. */
export function mutateJson(dice: Dice, value: unknown): string {
  const places = countOf(value);
  const hits = new Set(Array.from({ length: 1 + dice.below(4) }, () => dice.below(places)));
  const text = new HostileWriter(dice, hits).write(value);
  return dice.chance(2) ? dice.pick(['\ufeff', ' \n\t', '\0', ")]}',\n"]) + text : text;
}
