/** Lanes end when they are told to and go on after trouble; what they had in hand is not lost by either. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { TryAgain } from '../../../src/bridge/failures.ts';
import { failing, gated, LanesAtWork } from './lanes-at-work.ts';

let work: LanesAtWork;

beforeEach(() => {
  work = new LanesAtWork();
});
afterEach(() => work.close());

const settledAs = async (promise: Promise<unknown>): Promise<{ readonly is: string }> => {
  const state = { is: 'open' };
  void promise.then(() => {
    state.is = 'settled';
  });
  await work.untilQuiet();
  return state;
};

test('stopping finishes the row in hand and begins no other', async () => {
  await work.lanes.resume();
  const gate = gated();
  work.when('1', gate.doing);
  await work.take('a', '1', '2');
  await work.until(() => work.begun.length === 1, 'the first row');
  const stopped = work.lanes.stop(60_000);
  const state = await settledAs(stopped);
  expect(state.is).toBe('open');
  gate.open();
  await stopped;
  expect(work.finished).toEqual(['1']);
  await work.take('a', '3');
  await work.take('b', '4');
  await work.pass(3_600_000);
  expect(work.begun).toEqual(['1']);
});

test('what does not end in the time it was given is aborted, and is tried again by the next process', async () => {
  await work.lanes.resume();
  work.when('1', gated().doing);
  await work.take('a', '1');
  await work.until(() => work.begun.length === 1, 'the row');
  const stopped = work.lanes.stop(8_000);
  await work.pass(7_999);
  const state = await settledAs(stopped);
  expect(state.is).toBe('open');
  await work.pass(1);
  await stopped;
  expect(await work.head('a')).toMatchObject({ state: 'waiting', dedupeKey: '1' });
  work.when('1', () => undefined);
  await work.newLanes().resume();
  await work.pass(60_000);
  expect(work.finished).toEqual(['1']);
});

test('lanes that have nothing in hand are stopped at once, and what waited for its time stays for the next process', async () => {
  await work.lanes.resume();
  work.when(
    '1',
    failing(1, () => new TryAgain('not yet', 1_000)),
  );
  await work.take('a', '1');
  await work.untilQuiet();
  await work.lanes.stop(8_000);
  await work.pass(10_000);
  expect(work.begun).toEqual(['1']);
  await work.newLanes().resume();
  await work.until(() => work.finished.length === 1, 'the row that waited');
});

test('a wait that an earlier process noted is kept', async () => {
  await work.lanes.resume();
  work.when(
    '1',
    failing(1, () => new TryAgain('not yet', 60_000)),
  );
  await work.take('a', '1');
  await work.untilQuiet();
  await work.lanes.stop(0);
  await work.newLanes().resume();
  await work.pass(59_999);
  expect(work.begun).toEqual(['1']);
  await work.pass(1);
  expect(work.finished).toEqual(['1']);
});

test('a journal that cannot be read for a while is read again', async () => {
  await work.lanes.resume();
  const head = jest.spyOn(work.store.read.journal, 'head');
  head.mockRejectedValueOnce(new Error('disk trouble')).mockRejectedValueOnce(new Error('disk trouble'));
  await work.take('a', '1', '2');
  await work.take('b', '3');
  await work.untilQuiet();
  expect(work.begun).toEqual([]);
  await work.pass(10_000);
  expect(work.finished.toSorted()).toEqual(['1', '2', '3']);
});

test('a failure that cannot be noted costs nothing but time', async () => {
  await work.lanes.resume();
  const write = jest.spyOn(work.store, 'write');
  work.when(
    '1',
    failing(1, () => {
      write.mockRejectedValueOnce(new Error('disk full'));
      return new TryAgain('not yet', 100);
    }),
  );
  await work.take('a', '1', '2');
  await work.untilQuiet();
  expect(await work.head('a')).toMatchObject({ state: 'waiting', attempts: 0 });
  await work.pass(10_000);
  expect(work.finished).toEqual(['1', '2']);
});

test('lanes that cannot be listed are listed when it is tried again', async () => {
  await work.add('a', '1');
  jest.spyOn(work.store.read.journal, 'lanes').mockRejectedValueOnce(new Error('disk trouble'));
  await expect(work.lanes.resume()).rejects.toThrow('disk trouble');
  await work.lanes.resume();
  await work.until(() => work.finished.length === 1, 'the row');
});

test('resuming again while rows are in hand does none of them twice', async () => {
  await work.add('a', '1', '2');
  const gate = gated();
  work.when('1', gate.doing);
  await work.lanes.resume();
  await work.until(() => work.begun.length === 1, 'the first row');
  await work.lanes.resume();
  await work.lanes.resume();
  gate.open();
  await work.until(() => work.finished.length === 2, 'both');
  await work.untilQuiet();
  expect(work.begun).toEqual(['1', '2']);
});

test('a row that stopping interrupts again and again has not failed once', async () => {
  await work.add('a', '1');
  for (let restart = 0; restart < 8; restart += 1) {
    work.when('1', gated().doing);
    await work.newLanes().resume();
    await work.pass(120_000);
    const stopping = work.lanes.stop(0);
    await work.pass(1);
    await stopping;
  }
  expect(await work.head('a')).toMatchObject({ state: 'waiting', attempts: 0 });
});

/** Two rows, of which the first is to wait for a second. */
async function firstTryInVain(): Promise<void> {
  await work.lanes.resume();
  work.when(
    '1',
    failing(1, () => new TryAgain('a moment', 1_000)),
  );
  await work.take('a', '1', '2');
  await work.until(() => work.begun.length === 1, 'the first try');
}

test('a clock that is set back by an hour makes no lane wait for it', async () => {
  await firstTryInVain();
  jest.setSystemTime(Date.now() - 3_600_000);
  await work.take('a', '3');
  await work.pass(1_100);
  await work.until(() => work.finished.length === 3, 'all rows');
  expect(work.finished).toEqual(['1', '2', '3']);
});

test('a clock that was set back by an hour before a restart makes no lane wait for it', async () => {
  await firstTryInVain();
  await work.lanes.stop(0);
  jest.setSystemTime(Date.now() - 3_600_000);
  await work.newLanes().resume();
  await work.untilQuiet();
  await work.pass(60_000);
  await work.until(() => work.finished.length === 2, 'both rows');
  expect(work.finished).toEqual(['1', '2']);
});
