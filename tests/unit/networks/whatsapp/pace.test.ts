/** The rate that the configuration names is kept by waiting, and nobody who waits is forgotten. */
import { expect, test } from '@jest/globals';
import { Pace } from '../../../../src/networks/whatsapp/pace.ts';

const never = new AbortController().signal;

test('more than the rate allows wait, in the order of asking', async () => {
  const pace = new Pace(100);
  const order: number[] = [];
  const began = performance.now();
  await Promise.all([0, 1, 2, 3, 4, 5].map(async (turn) => void order.push((await pace.turn(never), turn))));
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  // Five intervals of 10 ms; timers may be a millisecond early each.
  expect(performance.now() - began).toBeGreaterThan(44);
});

test('turns that were not used are not saved up', async () => {
  const pace = new Pace(50);
  await pace.turn(never);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const began = performance.now();
  await Promise.all([pace.turn(never), pace.turn(never), pace.turn(never)]);
  expect(performance.now() - began).toBeGreaterThan(35);
});

test('who is told to stop does not wait on', async () => {
  const pace = new Pace(0.001);
  await pace.turn(never);
  const stop = new AbortController();
  const waiting = pace.turn(stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await expect(pace.turn(stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
});

test('the longest pause that was asked for counts', () => {
  const pace = new Pace(10);
  expect(pace.pausedMs).toBe(0);
  pace.pause(60_000);
  pace.pause(1_000);
  expect(pace.pausedMs).toBeGreaterThan(50_000);
  expect(pace.pausedMs).toBeLessThanOrEqual(60_000);
});
