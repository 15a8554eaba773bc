/** Feedback gives way while the homeserver is slow, and never for ever. */
import { expect, test } from '@jest/globals';
import { Courtesy } from '../../../src/bridge/courtesy.ts';

const after = (...took: readonly number[]): number[] => {
  const courtesy = new Courtesy();
  return took.map((ms) => Math.round(courtesy.restAfter(ms)));
};

test('a homeserver that answers as it does at its best is given no rest', () => {
  expect(after(15, 12, 30, 15, 40)).toEqual([0, 0, 0, 0, 0]);
});

test('one that is slow is given nine times what it takes beyond four times its best, and at most two seconds', () => {
  expect(after(10, 52)).toEqual([0, 90]);
  expect(after(10, 500)).toEqual([0, 2_000]);
});

test('one that stays slow is measured by that after a while', () => {
  const rests = after(10, ...Array.from({ length: 80 }, () => 200));
  expect(rests[1]).toBe(1_422);
  expect(rests.at(-1)).toBe(0);
});

test('stopping ends every rest', async () => {
  const courtesy = new Courtesy();
  const resting = courtesy.rest(3_600_000);
  courtesy.stop();
  await resting;
  await courtesy.rest(3_600_000);
});
