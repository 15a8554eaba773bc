/** Networks report late, twice and out of order: what is known of a message only ever advances. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, type MessageState, messageStates } from '../../../src/model/message-state.ts';

const anyState = fc.constantFrom(...messageStates);
const report = fc.constantFrom<MessageState>('sent', 'delivered', 'read', 'failed');
const goodNews = fc.constantFrom<MessageState>('sent', 'delivered', 'read');
const after = (start: MessageState, reports: readonly MessageState[]): MessageState => reports.reduce(advance, start);
const rank = (state: MessageState): number => messageStates.indexOf(state);

/** Some reports, and the same ones in another order with some of them told twice. */
const shuffledWithRepeats = (reports: fc.Arbitrary<MessageState[]>): fc.Arbitrary<[MessageState[], MessageState[]]> =>
  reports.chain((told) =>
    fc.tuple(
      fc.constant(told),
      fc
        .subarray(told)
        .chain((repeated) => fc.shuffledSubarray([...told, ...repeated], { minLength: told.length + repeated.length })),
    ),
  );

test('a report never takes a message back, but for the failure of one that was only sent', () => {
  fc.assert(
    fc.property(anyState, anyState, (current, reported) => {
      const next = advance(current, reported);
      if (current === 'sent' && reported === 'failed') expect(next).toBe('failed');
      else expect(rank(next)).toBeGreaterThanOrEqual(rank(current));
      expect([current, reported]).toContain(next);
    }),
  );
});

test('the same report told twice says no more than once', () => {
  fc.assert(
    fc.property(anyState, anyState, (current, reported) => {
      const next = advance(current, reported);
      expect(advance(next, reported)).toBe(next);
    }),
  );
});

test('good news end in the same state in whatever order and however often they come', () => {
  fc.assert(
    fc.property(shuffledWithRepeats(fc.array(goodNews, { minLength: 1, maxLength: 6 })), ([one, other]) => {
      expect(after('sending', other)).toBe(after('sending', one));
      expect(after('uncertain', other)).toBe(after('sending', one));
    }),
  );
});

test('a failure beside a delivery is not believed, whichever came first', () => {
  const withDelivery = fc.array(report, { maxLength: 5 }).map((reports): MessageState[] => [...reports, 'delivered']);
  fc.assert(
    fc.property(shuffledWithRepeats(withDelivery), ([one, other]) => {
      expect(after('sending', other)).toBe(after('sending', one));
      expect(['delivered', 'read']).toContain(after('sending', other));
    }),
  );
});

test('a failure beside "sent" is believed, whichever came first', () => {
  expect(after('sending', ['failed', 'sent'])).toBe('failed');
  expect(after('sending', ['sent', 'failed'])).toBe('failed');
});

test('a message that was read stays read, one that was superseded stays superseded', () => {
  fc.assert(
    fc.property(fc.array(report), (reports) => {
      expect(after('read', reports)).toBe('read');
      expect(after('superseded', reports)).toBe('superseded');
    }),
  );
});

test('a report about a message whose fate was unknown is the evidence that was missing', () => {
  fc.assert(fc.property(report, (reported) => expect(advance('uncertain', reported)).toBe(reported)));
});
