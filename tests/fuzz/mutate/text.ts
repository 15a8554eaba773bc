/** Damage to text: words of the language that it is written in, in wrong places and in absurd numbers. */
import type { Dice } from '../dice.ts';

const words: readonly [string, ...string[]] = [
  ...([
    '',
    ' ',
    '\0',
    '\n',
    '\r\n',
    '\t',
    '\ufeff',
    '\u00a0',
    '\u2028',
    '\u202e',
    '\u2066',
    '\u200d',
    '\ufffd',
  ] as const),
  ...([
    '\ud800',
    '\udc00',
    '\ud83d',
    '🙂',
    '👩‍👩‍👧',
    'é',
    'e\u0301',
    'ﷺ',
    'İ',
    'ß',
    '../..',
    '%00',
    '%ff',
    '$&',
  ] as const),
  ...([
    'NaN',
    '1e999',
    '-1',
    '9'.repeat(40),
    'a'.repeat(300),
    '__proto__',
    'constructor',
    '\'"`',
    '\\',
    '<b>',
  ] as const),
  ...(['javascript:alert(1)', 'mxc://a/b', '@a:b', '!a:b', '$a', 'null', '`*_~```', '> ', '\u001b[31m'] as const),
];

/** Of one word again and again. */
const mostLetters = 12_000;

/** A few hostile words in a row; now and then very many of one. */
export function hostileText(dice: Dice): string {
  if (dice.chance(3)) {
    const word = dice.pick(words);
    return word.repeat(1 + dice.below(mostLetters / (word.length + 1)));
  }
  let text = '';
  for (let count = 1 + dice.below(4); count > 0; count -= 1) text += dice.pick(words);
  return text;
}

/** `vocabulary`: the tokens that mean something to the reader. `other`: another text of the corpus. */
export function mutateText(
  dice: Dice,
  text: string,
  vocabulary: readonly [string, ...string[]],
  other: string,
): string {
  let changed = text;
  for (let rounds = 1 + dice.below(4); rounds > 0; rounds -= 1) {
    const at = dice.below(changed.length + 1);
    const token = dice.chance(80) ? dice.pick(vocabulary) : hostileText(dice);
    changed = changed.slice(0, at) + tokenOrLess(dice, changed.slice(at), token, other);
  }
  return changed;
}

/** What becomes of the rest of the text from the place on that was hit. */
function tokenOrLess(dice: Dice, rest: string, token: string, other: string): string {
  switch (dice.below(6)) {
    case 0:
      return rest.slice(1 + dice.below(20));
    case 1:
      return token + rest.slice(token.length);
    case 2:
      return token.repeat(1 + dice.below(dice.chance(15) ? mostLetters / (token.length + 1) : 5)) + rest;
    case 3:
      return other.slice(dice.below(other.length + 1));
    default:
      return token + rest;
  }
}
