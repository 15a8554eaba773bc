/** JSON that a stranger sent is read strictly, or refused in words that name what is wrong. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../../src/base/json.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth);

test('any value that JSON can say is read as it was meant', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const json = JSON.stringify(value);
      expect(parseJson(bytesOf(json))).toEqual(JSON.parse(json));
    }),
  );
});

test('junk is refused with a code, never with another exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (junk) => {
      try {
        parseJson(junk);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'CH-HTTP-BAD-BODY', status: 400 });
      }
    }),
  );
});

test.each(['', '{', '{"a":1,}', 'undefined', "{'a':1}", '{"a":1} x', '[1', '"open'])(
  '%p is refused as no JSON',
  (text) => {
    expect(() => parseJson(bytesOf(text))).toThrow('It is not valid JSON.');
  },
);

test.each([[[0x22, 0xff, 0x22]], [[0x22, 0xc0, 0xaf, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]]])(
  'bytes that are no UTF-8 (%p) are refused as such',
  (bytes) => {
    expect(() => parseJson(Uint8Array.from(bytes))).toThrow('It is not valid UTF-8.');
  },
);

test('64 levels are read, 65 are refused', () => {
  expect(parseJson(bytesOf(nested(64)))).toEqual(JSON.parse(nested(64)));
  expect(() => parseJson(bytesOf(nested(65)))).toThrow('It nests deeper than 64 levels.');
  expect(() => parseJson(bytesOf('{"a":'.repeat(65) + '1' + '}'.repeat(65)))).toThrow('64 levels');
});

test('a megabyte of brackets is refused without a stack overflow', () => {
  expect(() => parseJson(bytesOf('['.repeat(1_000_000)))).toThrow('64 levels');
});

test('brackets inside strings do not count, whatever is escaped there', () => {
  const texts = ['['.repeat(100), '{['.repeat(50), `\\"${'['.repeat(100)}`, '"'.repeat(3) + '['.repeat(100), '\\'];
  for (const text of texts) expect(parseJson(bytesOf(JSON.stringify([text, [text]])))).toEqual([text, [text]]);
});

test('siblings are no depth', () => {
  const wide = `[${Array.from({ length: 1_000 }, () => '[]').join(',')}]`;
  expect(parseJson(bytesOf(wide))).toHaveLength(1_000);
});

test('a member called __proto__ is a member and changes nothing else', () => {
  const read = parseJson(bytesOf('{"__proto__":{"polluted":true}}'));
  expect(Object.keys(read as object)).toEqual(['__proto__']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
