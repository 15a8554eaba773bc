import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readHtml } from '../../../src/matrix/read-html.ts';
import { renderHtml } from '../../../src/matrix/render-html.ts';
import { type RichText, type StyledRange, type TextStyle, textStyles } from '../../../src/model/rich-text.ts';

const styled = (text: string, ...ranges: [number, number, TextStyle][]): RichText => ({
  text,
  ranges: ranges.map(([start, length, style]) => ({ start, length, style })),
});

test('every style has its tag', () => {
  expect(
    renderHtml(styled('bisk', [0, 1, 'bold'], [1, 1, 'italic'], [2, 1, 'strikethrough'], [3, 1, 'monospace'])),
  ).toBe('<strong>b</strong><em>i</em><del>s</del><code>k</code>');
  expect(renderHtml(styled('q\nc', [0, 1, 'quote'], [2, 1, 'code-block']))).toBe(
    '<blockquote>q</blockquote><pre><code>c</code></pre>',
  );
});

test('ranges that overlap without nesting are cut, never crossed', () => {
  expect(renderHtml(styled('abc', [0, 2, 'italic'], [1, 2, 'bold']))).toBe('<em>a</em><strong><em>b</em>c</strong>');
});

test('characters that mean something in HTML mean nothing', () => {
  expect(renderHtml(styled('<img src=x onerror="a(\'&\')">', [0, 1, 'bold']))).toBe(
    '<strong>&lt;</strong>img src=x onerror=&quot;a(&#39;&amp;&#39;)&quot;&gt;',
  );
});

test('lines and spaces are shown as they are', () => {
  expect(renderHtml(styled('a  b\n c ', [0, 1, 'bold']))).toBe('<strong>a</strong>&nbsp; b<br>&nbsp;c&nbsp;');
  expect(renderHtml(styled('a\n  b', [0, 5, 'code-block']))).toBe('<pre><code>a\n  b</code></pre>');
});

test('a range never cuts an emoji in two', () => {
  expect(renderHtml(styled('😀x', [1, 2, 'bold']))).toBe('<strong>😀x</strong>');
  expect(renderHtml(styled('x😀', [0, 2, 'bold']))).toBe('<strong>x😀</strong>');
});

test('ranges outside the text, empty, negative or not numbers are as if they were not there', () => {
  const nonsense = styled(
    'ab',
    [5, 9, 'bold'],
    [-3, 2, 'bold'],
    [1, 0, 'bold'],
    [Number.NaN, 1, 'bold'],
    [1, -1, 'bold'],
  );
  expect(renderHtml(nonsense)).toBe('ab');
  expect(renderHtml(styled('ab', [1, Number.POSITIVE_INFINITY, 'bold']))).toBe('a<strong>b</strong>');
});

test('whatever the ranges, reading the HTML back gives the same text and styles', () => {
  fc.assert(
    fc.property(lines(), (rich) => {
      const back = readHtml(renderHtml(rich));
      expect(back && visible(back)).toEqual(visible(rich));
    }),
    { numRuns: 2_000 },
  );
});

test('ranges that no client would make still give well-formed HTML that keeps every word and its styles', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '\n', '<', '&', '😀'), maxLength: 20 });
  const range = fc.record({
    start: fc.integer({ min: -3, max: 25 }),
    length: fc.integer({ min: -3, max: 25 }),
    style: fc.constantFrom(...textStyles),
  });
  const words = (rich: RichText | undefined): string[] => (rich === undefined ? [] : visible(rich)).filter(isWord);
  fc.assert(
    fc.property(text, fc.array(range, { maxLength: 8 }), (said, ranges) => {
      const html = renderHtml({ text: said, ranges });
      expect(unbalanced(html)).toEqual([]);
      expect(words(readHtml(html))).toEqual(words({ text: said, ranges }));
    }),
    { numRuns: 2_000 },
  );
});

const isWord = (character: string): boolean => character.trim() !== '';

/** Tags left open or closed out of turn. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z]+)>/g)) {
    if (name === 'br') continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  return open;
}

/** Text without white space at its ends; quotes and blocks of code take whole lines, the other styles anything. */
function lines(): fc.Arbitrary<RichText> {
  const line = fc.string({
    unit: fc.constantFrom('a', 'B', ' ', '<', '&', '"', '>', '\u00a0', 'ß', '😀'),
    maxLength: 8,
  });
  return fc
    .array(line, { minLength: 1, maxLength: 6 })
    .map((all) => `x${all.join('\n')}x`)
    .chain((text) =>
      fc.record({
        text: fc.constant(text),
        ranges: fc.array(fc.oneof(inlineRange(text), blockRange(text)), { maxLength: 6 }),
      }),
    );
}

const inlineRange = (text: string): fc.Arbitrary<StyledRange> =>
  fc.record({
    start: fc.nat(text.length),
    length: fc.nat(text.length),
    style: fc.constantFrom<TextStyle>('bold', 'italic', 'strikethrough', 'monospace'),
  });

function blockRange(text: string): fc.Arbitrary<StyledRange> {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const ends = [...starts.slice(1).map((start) => start - 1), text.length];
  return fc
    .record({
      first: fc.nat(starts.length - 1),
      last: fc.nat(starts.length - 1),
      style: fc.constantFrom<TextStyle>('quote', 'code-block'),
    })
    .map(({ first, last, style }) => {
      const start = starts[Math.min(first, last)] ?? 0;
      return { start, length: (ends[Math.max(first, last)] ?? 0) - start, style };
    });
}

/** Each visible character with its styles; white space has no style that anyone could see. */
function visible({ text, ranges }: RichText): string[] {
  return Array.from({ length: text.length }, (_, index) => {
    const character = text[index] === '\u00a0' ? ' ' : (text[index] ?? '');
    if (character === ' ' || character === '\n') return character;
    const isPairEnd = (text.charCodeAt(index) & 0xfc00) === 0xdc00;
    const isPairStart = (text.charCodeAt(index) & 0xfc00) === 0xd800;
    const covers = ({ start, length }: StyledRange): boolean =>
      [index, isPairEnd ? index - 1 : index, isPairStart ? index + 1 : index].some(
        (at) => start <= at && at < start + length,
      );
    const styles = textStyles.filter((style) => ranges.some((range) => range.style === style && covers(range)));
    return [character, ...styles].join(' ');
  });
}
