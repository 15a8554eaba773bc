/** Lanes side by side, each strictly in order: what fails holds up its own lane and nobody else's. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { TryAgain } from '../../../src/bridge/failures.ts';
import { HomeserverError } from '../../../src/matrix/homeserver-error.ts';
import { failing, gated, laneOf, LanesAtWork } from './lanes-at-work.ts';

let work: LanesAtWork;

beforeEach(() => {
  work = new LanesAtWork();
});
afterEach(() => work.close());

const later = (afterMs: number) => (): Error => new TryAgain('not yet', afterMs);
const refused = (): Error => new HomeserverError({ kind: 'permanent', status: 403, errcode: 'M_FORBIDDEN' });

test('rows of one lane are done in the order of their arrival', async () => {
  await work.lanes.resume();
  await work.take('a', '1', '2', '3');
  await work.take('a', '4');
  await work.until(() => work.finished.length === 4, 'four rows');
  expect(work.finished).toEqual(['1', '2', '3', '4']);
});

test('nothing is done before the lanes are opened, and then what was noted', async () => {
  await work.take('a', '1');
  await work.untilQuiet();
  expect(work.begun).toEqual([]);
  await work.lanes.resume();
  await work.until(() => work.finished.length === 1, 'the row that waited');
});

test('what an earlier process left is taken up, from every one of many lanes', async () => {
  const names = Array.from({ length: 1_100 }, (_, number) => `lane ${number}`);
  await Promise.all(names.map((name) => work.add(name, name)));
  await work.lanes.resume();
  await work.until(() => work.finished.length === names.length, 'the lanes of the earlier process');
  expect(work.finished.toSorted()).toEqual(names.toSorted());
});

test('a head that fails holds up its own lane only', async () => {
  await work.lanes.resume();
  work.when('a1', failing(1, later(5_000)));
  await work.take('a', 'a1', 'a2');
  await work.take('b', 'b1', 'b2');
  await work.untilQuiet();
  expect(work.finished).toEqual(['b1', 'b2']);
  await work.pass(4_999);
  expect(work.finished).toEqual(['b1', 'b2']);
  await work.pass(1);
  expect(work.finished).toEqual(['b1', 'b2', 'a1', 'a2']);
});

test('lanes that are set aside take no place of the others, and work one after another', async () => {
  const gates = { aside1: gated(), aside2: gated(), a: gated(), b: gated(), c: gated(), d: gated() };
  for (const [key, gate] of Object.entries(gates)) work.when(key, gate.doing);
  await work.lanes.resume();
  for (const key of Object.keys(gates)) await work.take(key, key);
  await work.untilQuiet();
  expect(work.begun.toSorted()).toEqual(['a', 'aside1', 'b', 'c', 'd']);
  gates.aside1.open();
  await work.until(() => work.begun.includes('aside2'), 'the next that was set aside');
  for (const gate of Object.values(gates)) gate.open();
  await work.until(() => work.finished.length === 6, 'all of them');
});

test('lanes that are set aside are taken up after a restart and are waited for when stopping', async () => {
  await work.add('aside', 'aside');
  const gate = gated();
  work.when('aside', gate.doing);
  await work.lanes.resume();
  await work.untilQuiet();
  expect([work.begun, work.lanes.busy]).toEqual([['aside'], 1]);
  const stopped = work.lanes.stop(60_000);
  gate.open();
  await stopped;
  expect(work.finished).toEqual(['aside']);
});

test('a row that waits tells when, why and how often it was tried', async () => {
  await work.lanes.resume();
  work.when('a1', failing(3, later(1_000)));
  await work.take('a', 'a1');
  await work.untilQuiet();
  await work.pass(1_000);
  expect(await work.head('a')).toMatchObject({
    state: 'waiting',
    attempts: 2,
    lastError: 'not yet',
    nextTryAt: Date.now() + 1_000,
  });
});

test('a lane whose head can never be done stands still until it is released', async () => {
  await work.lanes.resume();
  work.when('a1', failing(1, refused));
  await work.take('a', 'a1', 'a2');
  await work.take('b', 'b1');
  await work.untilQuiet();
  expect(await work.head('a')).toMatchObject({
    state: 'parked',
    lastError: expect.stringMatching(/refused/) as unknown,
  });
  work.lanes.wake(laneOf('a'));
  await work.take('a', 'a3');
  await work.pass(24 * 3_600_000);
  expect(work.finished).toEqual(['b1']);
  await work.release('a');
  await work.until(() => work.finished.length === 4, 'the parked lane');
  expect(work.finished).toEqual(['b1', 'a1', 'a2', 'a3']);
});

test('a lane that waits is woken by something new, but does not begin before its time', async () => {
  await work.lanes.resume();
  work.when('a1', failing(1, later(5_000)));
  await work.take('a', 'a1');
  await work.untilQuiet();
  await work.take('a', 'a2');
  await work.untilQuiet();
  expect(work.begun).toEqual(['a1']);
  await work.pass(5_000);
  expect(work.finished).toEqual(['a1', 'a2']);
});

test('a lane that waits and is released goes on at once', async () => {
  await work.lanes.resume();
  work.when('a1', failing(1, later(3_600_000)));
  await work.take('a', 'a1', 'a2');
  await work.untilQuiet();
  await work.release('a');
  await work.until(() => work.finished.length === 2, 'the lane that waited');
});

test('a wait that is longer than a timer can be is waited for in peace', async () => {
  await work.lanes.resume();
  work.when('a1', failing(1, later(60 * 24 * 3_600_000)));
  await work.take('a', 'a1');
  await work.untilQuiet();
  const looked = jest.spyOn(work.store.read.journal, 'head');
  await work.pass(2 * 3_600_000);
  expect(work.begun).toEqual(['a1']);
  expect(looked.mock.calls.length).toBeLessThanOrEqual(2);
});

test('what comes in while a lane finishes is not forgotten', async () => {
  await work.lanes.resume();
  for (let number = 0; number < 200; number += 1) {
    await work.take('a', `${number}`);
    for (let turn = 0; turn < number % 7; turn += 1) await Promise.resolve();
  }
  await work.until(() => work.finished.length === 200, 'all of them');
  expect(work.finished).toEqual(Array.from({ length: 200 }, (_, number) => `${number}`));
});

test('no more lanes work at the same time than were allowed, and each of the others has its turn', async () => {
  work.newLanes(2);
  await work.lanes.resume();
  const gates = ['a', 'b', 'c', 'd'].map((name) => ({ name, ...gated() }));
  for (const { name, doing } of gates) {
    work.when(name, doing);
    await work.take(name, name);
  }
  await work.untilQuiet();
  expect([work.begun, work.lanes.busy]).toEqual([['a', 'b'], 2]);
  gates[0]?.open();
  await work.until(() => work.begun.includes('c'), 'the third lane');
  expect([work.begun, work.lanes.busy]).toEqual([['a', 'b', 'c'], 2]);
  for (const { open } of gates) open();
  await work.until(() => work.finished.length === 4, 'all four lanes');
});

test('a lane with much to do lets the others have their turn', async () => {
  work.newLanes(1);
  await work.add('busy', ...Array.from({ length: 100 }, (_, number) => `busy ${number}`));
  await work.add('z', 'z');
  await work.lanes.resume();
  await work.until(() => work.finished.length === 101, 'all of both lanes');
  expect(work.finished.indexOf('z')).toBeLessThan(50);
});

test('whatever fails however often, each lane ends in order and complete, once each', async () => {
  await work.lanes.resume();
  let run = 0;
  const lanes = fc.array(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(lanes, async (failuresOfLanes) => {
      run += 1;
      work.finished.length = 0;
      const wanted = failuresOfLanes.map((failures, lane) => failures.map((_, row) => `${run} ${lane} ${row}`));
      for (const [lane, failures] of failuresOfLanes.entries()) {
        for (const [row, times] of failures.entries()) work.when(`${run} ${lane} ${row}`, failing(times, later(100)));
        await work.take(`${run} ${lane}`, ...(wanted[lane] ?? []));
      }
      for (let time = 0; time < 20; time += 1) await work.pass(100);
      for (const keys of wanted) expect(work.finished.filter((key) => keys.includes(key))).toEqual(keys);
      expect(work.finished).toHaveLength(wanted.flat().length);
    }),
    { numRuns: 15 },
  );
});
