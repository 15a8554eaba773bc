/**
 * WhatsApp's marks and styled ranges, both ways: *bold*, _italic_, ~strikethrough~, `code`, ```code block```, and
 * "> " before a quoted line. A mark counts only at the edge of a word, with a partner on the same line. Linear time.
 */
import type { RichText, StyledRange, TextStyle } from '../../model/rich-text.ts';

const inlineMarks: Readonly<Record<string, TextStyle>> = {
  '*': 'bold',
  _: 'italic',
  '~': 'strikethrough',
  '`': 'monospace',
};
const blockMark = '```';
const quoteMark = '> ';

interface Open {
  readonly mark: string;
  /** Where the mark was written to, in the plain text. */
  readonly at: number;
}

/** What the contact wrote, with the marks turned into styles. */
export function readMarks(source: string): RichText {
  const ranges: StyledRange[] = [];
  let text = '';
  const pieces = source.split(blockMark);
  // Without a partner the last mark is just three letters.
  const hasLoneMark = pieces.length % 2 === 0;
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    if (index % 2 === 1 && !(hasLoneMark && isLast)) {
      ranges.push({ start: text.length, length: piece.length, style: 'code-block' });
      text += piece;
      continue;
    }
    const prefix = hasLoneMark && isLast ? blockMark : '';
    for (const [number, line] of (prefix + piece).split('\n').entries()) {
      if (number > 0) text += '\n';
      text = readLine(line, text, ranges);
    }
  }
  return { text, ranges: ranges.filter(({ length }) => length > 0) };
}

function readLine(line: string, before: string, ranges: StyledRange[]): string {
  const isAtStart = before === '' || before.endsWith('\n');
  const isQuote = isAtStart && line.startsWith(quoteMark);
  const start = before.length;
  const text = before + readInline(isQuote ? line.slice(quoteMark.length) : line, start, ranges);
  if (isQuote) ranges.push({ start, length: text.length - start, style: 'quote' });
  return text;
}

/** Marks are taken out once their partner is found; until then they stand in the text as letters. */
function readInline(line: string, offset: number, ranges: StyledRange[]): string {
  const partners = pairs(line);
  let text = '';
  const open: Open[] = [];
  for (let index = 0; index < line.length; index += 1) {
    const letter = line.charAt(index);
    const role = partners.get(index);
    if (role === 'opens') open.push({ mark: letter, at: offset + text.length });
    else if (role === 'closes') {
      const from = open.pop();
      const style = inlineMarks[letter];
      if (from !== undefined && style !== undefined)
        ranges.push({ start: from.at, length: offset + text.length - from.at, style });
    } else text += letter;
  }
  return text;
}

/** Which marks of a line belong together, well nested. */
function pairs(line: string): ReadonlyMap<number, 'opens' | 'closes'> {
  const roles = new Map<number, 'opens' | 'closes'>();
  const open: { readonly mark: string; readonly at: number }[] = [];
  const waiting = new Map<string, number>();
  for (let index = 0; index < line.length; index += 1) {
    const mark = line.charAt(index);
    if (inlineMarks[mark] === undefined) continue;
    const codeIsOpen = (waiting.get('`') ?? 0) > 0;
    if ((waiting.get(mark) ?? 0) > 0 && mayClose(line, index)) {
      // What was opened inside and never closed is just letters.
      for (let last = open.pop(); last !== undefined; last = open.pop()) {
        waiting.set(last.mark, (waiting.get(last.mark) ?? 1) - 1);
        if (last.mark !== mark) continue;
        roles.set(last.at, 'opens');
        roles.set(index, 'closes');
        break;
      }
    } else if (!codeIsOpen && (waiting.get(mark) ?? 0) === 0 && mayOpen(line, index)) {
      open.push({ mark, at: index });
      waiting.set(mark, 1);
    }
  }
  return roles;
}

const isWord = (letter: string): boolean => /[\p{L}\p{N}]/u.test(letter);
const isSpace = (letter: string): boolean => letter === '' || /\s/.test(letter);

const mayOpen = (line: string, at: number): boolean =>
  !isWord(line.charAt(at - 1)) && !isSpace(line.charAt(at + 1)) && line.charAt(at + 1) !== line.charAt(at);

const mayClose = (line: string, at: number): boolean => !isSpace(line.charAt(at - 1)) && !isWord(line.charAt(at + 1));

const marks: Readonly<Record<TextStyle, string>> = {
  bold: '*',
  italic: '_',
  strikethrough: '~',
  monospace: '`',
  'code-block': blockMark,
  quote: '',
};

/** What the contact's phone shows styled. Marks never reach over the end of a line, where WhatsApp ignores them. */
export function writeMarks({ text, ranges }: RichText): string {
  const insertions = new Map<number, { closing: string; opening: string; quote: string }>();
  const at = (index: number) => {
    const known = insertions.get(index) ?? { closing: '', opening: '', quote: '' };
    insertions.set(index, known);
    return known;
  };
  for (const range of ranges) {
    if (range.style === 'quote') for (const start of lineStarts(text, range)) at(start).quote = quoteMark;
    else {
      for (const { from, to } of stretches(text, range)) {
        at(from).opening += marks[range.style];
        at(to).closing = marks[range.style] + at(to).closing;
      }
    }
  }
  let written = '';
  let done = 0;
  for (const [index, { closing, opening, quote }] of [...insertions].sort(([one], [other]) => one - other)) {
    written += text.slice(done, index) + closing + quote + opening;
    done = index;
  }
  return written + text.slice(done);
}

function lineStarts(text: string, { start, length }: StyledRange): number[] {
  const starts = [text.lastIndexOf('\n', start - 1) + 1];
  for (
    let next = text.indexOf('\n', start);
    next !== -1 && next + 1 < start + length;
    next = text.indexOf('\n', next + 1)
  )
    starts.push(next + 1);
  return starts;
}

/** The range line by line, without the spaces at the edges; a block of code stays whole. */
function stretches(text: string, { start, length, style }: StyledRange): { from: number; to: number }[] {
  const end = Math.min(text.length, start + length);
  if (style === 'code-block') return start < end ? [{ from: start, to: end }] : [];
  const found: { from: number; to: number }[] = [];
  let from = start;
  for (const line of text.slice(start, end).split('\n')) {
    const trimmed = line.trim();
    const lead = line.length - line.trimStart().length;
    if (trimmed !== '') found.push({ from: from + lead, to: from + lead + trimmed.length });
    from += line.length + 1;
  }
  return found;
}
