/** A benchmark that says "nothing lost" would have said so, had something been. */
import { expect, test } from '@jest/globals';
import { compare } from '../../../bench/compare.ts';

const sent = ['1', '2', '3', '4'];

test('what arrived once each, in order, is whole, whatever else was said in between', () => {
  expect(compare(sent, ['hello', '1', '2', 'by the way', '3', '4'])).toEqual({ lost: 0, doubled: 0, misordered: 0 });
});

test('what did not arrive is lost, and the others are not out of order for it', () => {
  expect(compare(sent, ['1', '3'])).toEqual({ lost: 2, doubled: 0, misordered: 0 });
  expect(compare(sent, [])).toEqual({ lost: 4, doubled: 0, misordered: 0 });
});

test('each that arrived again is doubled', () => {
  expect(compare(sent, ['1', '2', '2', '3', '1', '4', '2'])).toEqual({ lost: 0, doubled: 3, misordered: 0 });
});

test('each that came after one that was sent later is misordered', () => {
  expect(compare(sent, ['2', '1', '3', '4'])).toEqual({ lost: 0, doubled: 0, misordered: 1 });
  expect(compare(sent, ['4', '3', '2', '1'])).toEqual({ lost: 0, doubled: 0, misordered: 3 });
  expect(compare(sent, ['1', '4', '2', '3'])).toEqual({ lost: 0, doubled: 0, misordered: 2 });
});
