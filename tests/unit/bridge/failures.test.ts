/** What a lane does about a failure: wait for what passes, park what never will, lose nothing over either. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ChanceryError, type ErrorCode } from '../../../src/base/errors.ts';
import { TryAgain, verdictOn } from '../../../src/bridge/failures.ts';
import { type FailureKind, HomeserverError } from '../../../src/matrix/homeserver-error.ts';

const homeserver = (kind: FailureKind, errcode = 'M_UNKNOWN', retryAfterMs?: number): HomeserverError =>
  new HomeserverError({ kind, status: 400, errcode, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

test('who knows when it makes sense to look again is taken at their word', () => {
  expect(verdictOn(new TryAgain('the room is being made', 1_234), 7)).toEqual({
    then: 'retry',
    afterMs: 1_234,
    reason: 'the room is being made',
  });
});

test('a message that the homeserver will never take is parked, at the first attempt', () => {
  expect(verdictOn(homeserver('permanent', 'M_TOO_LARGE'), 0)).toMatchObject({ then: 'park' });
});

test.each(['M_UNKNOWN_TOKEN', 'M_MISSING_TOKEN', 'M_EXCLUSIVE'])(
  'a refusal of the bridge as a whole (%s) parks no message, however long it lasts',
  (errcode) => {
    for (const attempts of [0, 10, 1_000])
      expect(verdictOn(homeserver('permanent', errcode), attempts)).toMatchObject({ then: 'retry' });
  },
);

test('trouble of the homeserver or of a network is waited for without end, and never for longer than 15 seconds', () => {
  const trouble = fc.oneof(
    fc.constantFrom<FailureKind>('unreachable', 'again').map((kind) => homeserver(kind)),
    fc
      .constantFrom<ErrorCode>('CH-NETWORK-UNREACHABLE', 'CH-STORE-BUSY', 'CH-STORE-FAILED', 'CH-ACCOUNT-UNKNOWN')
      .map((code) => new ChanceryError(code)),
  );
  fc.assert(
    fc.property(trouble, fc.nat({ max: 1_000_000 }), (thrown, attempts) => {
      const verdict = verdictOn(thrown, attempts);
      if (verdict.then !== 'retry') throw new Error('parked');
      expect(verdict.afterMs).toBeLessThanOrEqual(15_000);
    }),
  );
});

test('a homeserver that asks for patience gets it', () => {
  const verdict = verdictOn(homeserver('again', 'M_LIMIT_EXCEEDED', 90_000), 0);
  expect(verdict).toMatchObject({ then: 'retry', afterMs: 90_000 });
});

test('something nobody foresaw is tried a few times and then parked: it is seen, and not lost', () => {
  const verdicts = [0, 1, 2, 3, 4, 5, 6, 7].map((attempts) => verdictOn(new TypeError('unforeseen'), attempts).then);
  expect(verdicts).toEqual([...Array<string>(6).fill('retry'), 'park', 'park']);
});

test.each([new Error('words'), 'words', { message: 'words' }])('whatever is thrown, its words are kept', (thrown) => {
  expect(verdictOn(thrown, 0).reason).toBe('words');
  expect(verdictOn(thrown, 99)).toEqual({ then: 'park', reason: 'words' });
});
