/** The homeserver's numbering of its transactions is a hint that one was left behind, and never more than a hint. */
import { expect, test } from '@jest/globals';
import { TransactionOrder } from '../../../src/bridge/transaction-order.ts';

const told = (...transactions: readonly string[]): readonly boolean[] => {
  const order = new TransactionOrder();
  return transactions.map((transaction) => order.follows(transaction));
};

test('the first says nothing; one after the other, and one again, follow', () => {
  expect(told('7', '8', '8', '9')).toEqual([true, true, true, true]);
});

test('a gap, a step back and a numbering that begins anew do not follow; what comes after them does', () => {
  expect(told('7', '9', '10', '8', '1', '2')).toEqual([true, false, true, false, false, true]);
});

test('ids that are no numbers say nothing', () => {
  expect(told('7', 'x', '', '-1', '1e3', '9'.repeat(400), '8')).toEqual([true, true, true, true, true, true, true]);
});
