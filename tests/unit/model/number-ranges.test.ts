/** Numbers become ranges and numbers again, none lost and none added. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { areRanges, below, countIn, numbersIn, rangesOf } from '../../../src/model/number-ranges.ts';

const numbers = fc.uniqueArray(fc.nat(60)).map((list) => list.toSorted((one, two) => one - two));

test('any numbers become ranges and the same numbers again, whatever is taken at once', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 9 }), fc.nat(60), (list, atOnce, end) => {
      const ranges = rangesOf(list);
      const parts = [...numbersIn(ranges, atOnce)];
      expect(parts.flat()).toEqual(list);
      expect(parts.every(({ length }) => length <= atOnce)).toBe(true);
      expect(countIn(ranges)).toBe(list.length);
      expect(areRanges(ranges)).toBe(true);
      expect([...numbersIn(below(end, ranges), 99)].flat()).toEqual(list.filter((number) => number < end));
    }),
  );
});

test.each([
  [[[2, 1]]],
  [[[-1, 3]]],
  [[[0, 1.5]]],
  [
    [
      [0, 3],
      [3, 4],
    ],
  ],
  [
    [
      [5, 6],
      [0, 1],
    ],
  ],
  [[[0, Infinity]]],
] as const)('%j are no ranges', (ranges) => expect(areRanges(ranges)).toBe(false));
