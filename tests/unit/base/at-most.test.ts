/** No more at once than was said, each in its turn, and nobody waits longer than they want to. */
import { expect, test } from '@jest/globals';
import { AtMost } from '../../../src/base/at-most.ts';

const never = new AbortController().signal;
const gate = () => Promise.withResolvers<undefined>();

test('two work at once, the others in the order in which they came', async () => {
  const places = new AtMost(2);
  const gates = [gate(), gate(), gate(), gate()];
  const begun: number[] = [];
  const all = gates.map(({ promise }, at) =>
    places.run(async () => {
      begun.push(at);
      return promise;
    }, never),
  );
  await Promise.resolve();
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1]);
  gates[1]?.resolve(undefined);
  await all[1];
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve(undefined);
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('a place is free again after work that failed', async () => {
  const places = new AtMost(1);
  await expect(places.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
  expect(await places.run(async () => 'yes', never)).toBe('yes');
});

test('who does not want to wait any more leaves the line, and the next one has the turn', async () => {
  const places = new AtMost(1);
  const { promise, resolve } = gate();
  const first = places.run(() => promise, never);
  const impatient = new AbortController();
  const left = places.run(async () => 'never', impatient.signal);
  const next = places.run(async () => 'next', never);
  impatient.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  resolve(undefined);
  await first;
  expect(await next).toBe('next');
  await expect(places.run(async () => 'never', impatient.signal)).rejects.toThrow('enough');
});
