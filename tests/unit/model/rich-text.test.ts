/** A text that is too long for one message arrives in several, whole and with its styles. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plainText, type RichText, splitText, textStyles } from '../../../src/model/rich-text.ts';

/** Words as people write them, with breaks, and with letters that take two code units. */
const words = fc
  .array(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(' ', '\n', '\n\n', '😀', '👩‍👩‍👧', 'é')),
    {
      maxLength: 40,
    },
  )
  .map((pieces) => pieces.join(''));

const richText: fc.Arbitrary<RichText> = words.chain((text) =>
  fc.record({
    text: fc.constant(text),
    ranges: fc.array(
      fc
        .tuple(fc.nat({ max: text.length }), fc.nat({ max: text.length }), fc.constantFrom(...textStyles))
        .map(([one, other, style]) => ({ start: Math.min(one, other), length: Math.abs(one - other), style })),
      { maxLength: 5 },
    ),
  }),
);

const limits = fc.integer({ min: 2, max: 60 });

/** For each code unit, the unit and the styles that lie on it. */
const styled = ({ text, ranges }: RichText): string[] =>
  Array.from({ length: text.length }, (_, at) => {
    const on = ranges.filter(({ start, length }) => start <= at && at < start + length).map(({ style }) => style);
    return `${text.charCodeAt(at)} ${on.toSorted().join(' ')}`;
  });

test('nothing is lost and nothing added', () => {
  fc.assert(
    fc.property(richText, limits, (rich, limit) => {
      const pieces = splitText(rich, limit);
      expect(pieces.map(({ text }) => text).join('')).toBe(rich.text);
    }),
  );
});

test('no piece is longer than the limit, and none is empty but that of an empty text', () => {
  fc.assert(
    fc.property(richText, limits, (rich, limit) => {
      const lengths = splitText(rich, limit).map(({ text }) => text.length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(limit);
      if (rich.text !== '') expect(Math.min(...lengths)).toBeGreaterThan(0);
    }),
  );
});

test('no letter is cut in two', () => {
  fc.assert(
    fc.property(richText, limits, (rich, limit) => {
      for (const { text } of splitText(rich, limit)) expect(text.isWellFormed()).toBe(true);
    }),
  );
});

test('every style stays with its words, and on no others', () => {
  fc.assert(
    fc.property(richText, limits, (rich, limit) => {
      const pieces = splitText(rich, limit);
      expect(pieces.flatMap(styled)).toEqual(styled(rich));
      for (const { text, ranges } of pieces) {
        for (const { start, length } of ranges) {
          expect(length).toBeGreaterThan(0);
          expect(start + length).toBeLessThanOrEqual(text.length);
        }
      }
    }),
  );
});

test('a text within the limit is one piece', () => {
  fc.assert(
    fc.property(words, (text) => {
      expect(splitText(plainText(text), text.length + 2)).toEqual([plainText(text)]);
    }),
  );
});

test('a cut is made after a paragraph, else a line, else a word, else where the limit is', () => {
  const pieces = (text: string, limit: number): string[] =>
    splitText(plainText(text), limit).map((piece) => piece.text);
  expect(pieces('one two.\n\nthree four', 14)).toEqual(['one two.\n\n', 'three four']);
  expect(pieces('one two.\nthree four', 14)).toEqual(['one two.\n', 'three four']);
  expect(pieces('one two three four', 14)).toEqual(['one two three ', 'four']);
  expect(pieces('x'.repeat(20), 14)).toEqual(['x'.repeat(14), 'x'.repeat(6)]);
  expect(pieces('a bcdefghijklmnopqr', 14)).toEqual(['a bcdefghijklm', 'nopqr']);
});
