/** A short campaign of the fuzzer, always the same one. The long one is `npm run test:fuzz`. */
import { expect, test } from '@jest/globals';
import { conduct } from '../../fuzz/conductor.ts';
import { diceFor } from '../../fuzz/dice.ts';
import { mutateJson } from '../../fuzz/mutate/json.ts';
import { targetNames } from '../../fuzz/targets.ts';
import type { Failure } from '../../fuzz/worker-messages.ts';

const bodies = 500;

test('no listener and no parser crashes, hangs, stores or loses anything over what a stranger sends', async () => {
  const failures: Failure[] = [];
  const outcome = await conduct({ seed: 1, bodies, onFailure: (failure) => failures.push(failure) });
  expect(failures).toEqual([]);
  expect(outcome.bodies).toBe(bodies * targetNames.length);
}, 120_000);

test('the same seed, target and index make the same body, and others make another', () => {
  const value = { messages: [{ id: 'a', text: { body: 'b' } }], more: [1, 2, { three: 4 }] };
  const body = (seed: number, target: string, index: number): string => mutateJson(diceFor(seed, target, index), value);
  const first = Array.from({ length: 50 }, (_, index) => body(1, 'webhook', index));
  expect(Array.from({ length: 50 }, (_, index) => body(1, 'webhook', index))).toEqual(first);
  expect(Array.from({ length: 50 }, (_, index) => body(2, 'webhook', index))).not.toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(40);
});
