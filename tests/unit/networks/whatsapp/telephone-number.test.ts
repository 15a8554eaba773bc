/** A number leads to the same chat however it is written, and what is none is refused with how to write it. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { telephoneNumber } from '../../../../src/networks/whatsapp/telephone-number.ts';

test.each([
  '+49 30 123-4567',
  '0049301234567',
  '49301234567',
  '+49 (30) 123/4567',
  'tel:+49.30.1234567',
  '\u200e+49 30 1234567',
])('%j is one number', (text) => {
  expect(telephoneNumber(text)).toEqual({ digits: '49301234567' });
});

test.each([
  ['030 1234567', 'with its country code'],
  ['+0 30 1234567', 'No telephone number in the world'],
  ['+49 30', 'No telephone number in the world'],
  ['1'.repeat(16), 'No telephone number in the world'],
  ['Ada', 'This is no telephone number'],
  ['+49 30 12x', 'This is no telephone number'],
  ['', 'This is no telephone number'],
  ['٠١٢٣٤٥٦٧٨', 'This is no telephone number'],
])('%j is refused: %s', (text, words) => {
  expect(telephoneNumber(text)).toEqual({ refusal: expect.stringContaining(words) });
});

test('whatever is written, a number has only digits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const found = telephoneNumber(text);
      if ('digits' in found) expect(found.digits).toMatch(/^[1-9]\d{6,14}$/);
    }),
  );
});
