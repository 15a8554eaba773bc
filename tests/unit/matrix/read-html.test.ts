import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readHtml } from '../../../src/matrix/read-html.ts';

const textOf = (html: string): string | undefined => readHtml(html)?.text;

test('paragraphs, headings and line breaks become lines', () => {
  expect(textOf('<p>one</p>\n<p>two</p>')).toBe('one\n\ntwo');
  expect(textOf('a<br>b<br/>c')).toBe('a\nb\nc');
  expect(readHtml('<h1>Title</h1>text')).toEqual({
    text: 'Title\n\ntext',
    ranges: [{ start: 0, length: 5, style: 'bold' }],
  });
});

test('lists are written with dashes and numbers, nested ones indented', () => {
  expect(textOf('<ul>\n<li>a</li>\n<li>b\n<ul><li>c</li></ul></li>\n</ul>end')).toBe('- a\n- b\n  - c\nend');
  expect(textOf('<ol start="3"><li>a</li><li><p>b</p></li></ol>')).toBe('3. a\n4. b');
});

test('a link says where it leads, unless its text does', () => {
  expect(textOf('see <a href="https://gov.example/form">the form</a>.')).toBe(
    'see the form (https://gov.example/form).',
  );
  expect(textOf('<a href="https://gov.example/">gov.example</a>')).toBe('gov.example');
  expect(textOf('<a href="mailto:a@gov.example">a@gov.example</a>')).toBe('a@gov.example');
  expect(textOf('<a href="https://gov.example"></a>')).toBe('https://gov.example');
  expect(textOf('<a href="javascript:alert(1)">x</a>')).toBe('x');
});

test('a mention is the name of the person', () => {
  expect(textOf('<a href="https://matrix.to/#/@erin:gov.example">Erin</a>: hello')).toBe('Erin: hello');
});

test('code keeps its lines and spaces', () => {
  expect(readHtml('<pre><code class="language-c">if\n  x\n</code></pre>\n<p>after</p>')).toEqual({
    text: 'if\n  x\n\nafter',
    ranges: [{ start: 0, length: 7, style: 'code-block' }],
  });
  expect(textOf('<pre>\nfirst</pre>')).toBe('first');
  expect(readHtml('<code>x</code>')?.ranges).toEqual([{ start: 0, length: 1, style: 'monospace' }]);
});

test('white space between words is one space, and none beside line breaks', () => {
  expect(textOf('  a \n\t b <br>  c<b> d</b> ')).toBe('a b\nc d');
});

test('a table is rows of cells, details are lines', () => {
  expect(textOf('<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>')).toBe('a | b\nc | d');
  expect(textOf('<details><summary>more</summary>hidden</details>')).toBe('more\nhidden');
  expect(textOf('a<hr>b')).toBe('a\n---\nb');
});

test('what repeats the replied message and what is no words is left out', () => {
  expect(textOf('<mx-reply><blockquote>old <b>words</b></blockquote></mx-reply>new')).toBe('new');
  expect(textOf('<script>alert(1)</script><style>b{}</style>x<img src="mxc://a/b" alt=":wave:">')).toBe('x:wave:');
});

test('HTML nested deeper than any client writes is not read at all', () => {
  expect(readHtml('<b>'.repeat(101))).toBeUndefined();
  expect(readHtml('<b>'.repeat(99) + 'x')?.text).toBe('x');
});

test('bombs of half a megabyte are over before this test is', () => {
  // Eight times what an event can hold: work that grows with the square of it would take many minutes.
  const size = 8 * 65_536;
  const bombs = [
    '<blockquote>',
    '<b>x</i>',
    '<a href="https://x">y',
    '<a href="https://x">y</a>',
    '<li>x',
    '<ul><li>x',
    '<ol></ol><li>x',
    '<p>',
    '</p>',
    '<br>',
    '<pre>\n</pre>',
    ' \n',
    'x ',
    '<',
    '&amp;',
    '<!--',
    '<svg><title>',
    '<b a b c d e f g>',
    '<x y="',
    '<td>x',
    '<mx-reply>',
    '<p><a>x</p>',
  ];
  for (const bomb of bombs) {
    const html = bomb.repeat(Math.ceil(size / bomb.length));
    expect(readHtml(html)?.text.length ?? 0).toBeLessThan(5 * size);
  }
}, 60_000);

test('no HTML makes it crash, and ranges always lie inside the text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<b>',
      '</b>',
      '<p>',
      '</p>',
      '<br>',
      '<li>',
      '</li>',
      '<ul>',
      '</ul>',
      '<ol start=9>',
      '</ol>',
      '<pre>',
      '</pre>',
      '<code>',
      '</code>',
      '<a href="https://a.b">',
      '</a>',
      '<tr>',
      '<td>',
      '<mx-reply>',
      '</mx-reply>',
      '<blockquote>',
      '</blockquote>',
      '<svg>',
      '</svg>',
      '<script>',
      '</script>',
      '<form>',
      '</form>',
      '&nbsp;',
      '&#x0;',
      '\n',
      ' ',
    ),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const rich = readHtml(pieces.join(''));
      for (const { start, length } of rich?.ranges ?? []) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(length).toBeGreaterThan(0);
        expect(start + length).toBeLessThanOrEqual(rich?.text.length ?? 0);
      }
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['<p>I reject this:</p><blockquote><p>You owe 500</p></blockquote><p>OK?</p>', 'quote', 'You owe 500'],
  ['<p>Run this:</p><pre><code>ls -la\n</code></pre>', 'code-block', 'ls -la'],
  ['<ul><li><strong>a</strong></li></ul>', 'bold', 'a'],
  ['one <em>two</em>', 'italic', 'two'],
])('what stands between is not part of a style that begins after it: %s', (html, style, words) => {
  const rich = readHtml(html);
  const styled = rich?.ranges.filter((range) => range.style === style);
  expect(styled?.map(({ start, length }) => rich?.text.slice(start, start + length).trimEnd())).toEqual([words]);
});
