/** Percentiles are values that were measured. */
import { expect, test } from '@jest/globals';
import { percentile } from '../../../bench/percentile.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test('so large a share of the samples is not above it', () => {
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile([7], 0.01)).toBe(7);
});

test('without samples there is none', () => {
  expect(() => percentile([], 0.5)).toThrow('no samples');
});
