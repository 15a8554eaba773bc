/** How long is waited before another attempt. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from '../../../src/base/backoff.ts';

const options = fc.record({
  baseMs: fc.integer({ min: 1, max: 10_000 }),
  ceilingMs: fc.integer({ min: 1, max: 86_400_000 }),
});
const attempt = fc.nat({ max: 100_000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a wait is a whole number of milliseconds between nothing and the ceiling, at any attempt', () => {
  fc.assert(
    fc.property(options, attempt, chance, (bounds, number, random) => {
      const wait = backoffMs(number, bounds, 0, () => random);
      expect(Number.isSafeInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(bounds.ceilingMs);
      expect(wait).toBeLessThanOrEqual(bounds.baseMs * 2 ** number);
    }),
  );
});

test('what the other side asked for is never cut short, not even by the ceiling', () => {
  fc.assert(
    fc.property(options, attempt, chance, fc.nat({ max: 10 ** 9 }), (bounds, number, random, askedFor) => {
      expect(backoffMs(number, bounds, askedFor, () => random)).toBeGreaterThanOrEqual(askedFor);
    }),
  );
});

test('the longest possible wait doubles with each attempt until the ceiling', () => {
  const longest = (number: number): number => backoffMs(number, { baseMs: 100, ceilingMs: 1_000 }, 0, () => 1);
  expect([0, 1, 2, 3, 4, 5, 1_000].map(longest)).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

test('two who failed together do not come again together', () => {
  const waits = Array.from({ length: 50 }, () => backoffMs(10, { baseMs: 1_000, ceilingMs: 1_000_000 }));
  expect(new Set(waits).size).toBeGreaterThan(1);
});
