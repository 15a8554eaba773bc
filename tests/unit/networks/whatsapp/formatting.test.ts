/** WhatsApp's marks become styles and styles become marks; no word is lost on either way, whatever somebody types. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderRichText } from '../../../../src/matrix/render.ts';
import type { RichText, StyledRange, TextStyle } from '../../../../src/model/rich-text.ts';
import { readMarks, writeMarks } from '../../../../src/networks/whatsapp/formatting.ts';

const shown = (source: string): string => {
  const { body, formatted_body: html } = renderRichText(readMarks(source));
  return html ?? body;
};

test.each([
  ['*bold*', '<strong>bold</strong>'],
  ['_italic_', '<em>italic</em>'],
  ['~struck~', '<del>struck</del>'],
  ['`code`', '<code>code</code>'],
  ['```a *b* c```', '<pre><code>a *b* c</code></pre>'],
  ['> quoted\nnot', '<blockquote>quoted</blockquote>not'],
  ['*_both_*', '<strong><em>both</em></strong>'],
  ['say *this*, not _that_.', 'say <strong>this</strong>, not <em>that</em>.'],
  ['`*no*`', '<code>*no*</code>'],
  ['> *loud*', '<blockquote><strong>loud</strong></blockquote>'],
])('%j is shown as %s', (source, html) => {
  expect(shown(source)).toBe(html);
});

test.each([
  '2*3*4',
  'snake_case_name',
  '* a point\n* another',
  '*not\nover lines*',
  '*',
  '****',
  '``````',
  '> ',
  '>no',
  'a ``` b',
  '5 > 4',
  '_ not _',
  'https://agency.example/_form_/*7*?a=~b~',
])('%j stays as it was written', (source) => {
  expect(readMarks(source)).toEqual({ text: source, ranges: [] });
});

test('marks around a link are marks, those inside belong to the link', () => {
  expect(shown('*https://agency.example/_a_*')).toBe('<strong>https://agency.example/_a_</strong>');
});

test.each<[string, RichText, string]>([
  ['nested styles, the inner named first', styled('now or', [0, 3, 'italic'], [0, 6, 'bold']), '*_now_ or*'],
  ['a style over several lines', styled('one\n\n two ', [0, 10, 'bold']), '*one*\n\n *two* '],
  ['spaces at the edges', styled(' now ', [0, 5, 'bold']), ' *now* '],
  ['a style inside a word, which WhatsApp does not know', styled('unbelievable', [2, 7, 'bold']), 'unbelievable'],
  ['a quote', styled('one\ntwo\nthree', [0, 7, 'quote']), '> one\n> two\nthree'],
  ['a quote that begins with an empty line', styled('\ntwo', [0, 4, 'quote']), '> \n> two'],
  ['a block of code', styled('a\nb', [0, 3, 'code-block']), '```a\nb```'],
  ['a bold quote', styled('loud', [0, 4, 'quote'], [0, 4, 'bold']), '> *loud*'],
  ['a style of nothing', styled('now', [1, 0, 'bold'], [7, 3, 'bold']), 'now'],
])('%s', (_what, rich, written) => {
  expect(writeMarks(rich)).toBe(written);
});

function styled(text: string, ...ranges: readonly (readonly [number, number, TextStyle])[]): RichText {
  return { text, ranges: ranges.map(([start, length, style]) => ({ start, length, style })) };
}

/** Mostly marks, so that they meet in every way. */
const scribble = fc
  .array(fc.constantFrom('*', '_', '~', '`', '```', '>', '> ', '\n', ' ', 'a', 'ß', '🙂', 'https://x', '.'), {
    maxLength: 60,
  })
  .map((pieces) => pieces.join(''));
const anything = fc.oneof(scribble, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

/** Everything but marks and white space. */
const wordsIn = (text: string): string => text.replace(/^> /gm, '').replace(/[*_~`>\s]/g, '');

test('no word is lost, whatever is written, and every style lies inside the text', () => {
  fc.assert(
    fc.property(anything, (source) => {
      const { text, ranges } = readMarks(source);
      expect(wordsIn(text)).toBe(wordsIn(source));
      expect(wordsIn(writeMarks({ text, ranges }))).toBe(wordsIn(source));
      expect(text.trim() === '').toBe(source.trim() === '');
      for (const { start, length } of ranges) {
        expect(length).toBeGreaterThan(0);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start + length).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a text without marks is not changed on either way', () => {
  const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[*_~`>]/.test(text));
  fc.assert(
    fc.property(plain, (text) => {
      expect(readMarks(text)).toEqual({ text, ranges: [] });
      expect(writeMarks({ text, ranges: [] })).toBe(text);
    }),
  );
});

test('no word is lost to styles, wherever they begin and end', () => {
  const style = fc.constantFrom<TextStyle[]>('bold', 'italic', 'strikethrough', 'monospace', 'code-block', 'quote');
  const range = fc.record({ start: fc.nat(40), length: fc.nat(40), style });
  fc.assert(
    fc.property(anything, fc.array(range, { maxLength: 6 }), (text, ranges) => {
      expect(wordsIn(writeMarks({ text, ranges }))).toBe(wordsIn(text));
    }),
    { numRuns: 1_000 },
  );
});

const sorted = (ranges: readonly StyledRange[]): StyledRange[] =>
  [...ranges].sort((one, other) => one.start - other.start || one.style.localeCompare(other.style));

test('styled words come back with the same styles', () => {
  const styles = fc.subarray<TextStyle>(['bold', 'italic', 'strikethrough']);
  const word = fc.record({ word: fc.stringMatching(/^[A-Za-z0-9]{1,8}$/), styles });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const ranges: StyledRange[] = [];
      let text = '';
      for (const { word: letters, styles: wanted } of words) {
        if (text !== '') text += ' ';
        for (const each of wanted) ranges.push({ start: text.length, length: letters.length, style: each });
        text += letters;
      }
      const back = readMarks(writeMarks({ text, ranges }));
      expect(back.text).toBe(text);
      expect(sorted(back.ranges)).toEqual(sorted(ranges));
    }),
  );
});

const hostile = ['\n', '*', '*a ', '* *', '*_~`', '`', '```', '> \n', '> a\n', '_a', 'https://*', 'https://', '\n```'];

test.each(hostile)('the work for a text of nothing but %j grows with its length, not faster', (unit) => {
  const work = (letters: number): number => {
    const source = unit.repeat(letters / unit.length);
    const began = performance.now();
    writeMarks(readMarks(source));
    return performance.now() - began;
  };
  work(16_384);
  const once = Math.min(work(65_536), work(65_536));
  // Four times the length may take ten times as long, and a pause of the machine; the square would take it far beyond.
  expect(work(262_144)).toBeLessThan(10 * once + 500);
});
