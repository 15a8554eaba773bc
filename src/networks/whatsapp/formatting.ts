/**
 * WhatsApp's marks and styled ranges, both ways: *bold*, _italic_, ~strikethrough~, `code`, ```code block```, and
 * "> " before a quoted line. A mark counts only at the edge of a word, with a partner on the same line, and never
 * inside a link. No word is ever lost: what could be a mark and is none stays a letter. Linear time.
 */
import type { RichText, StyledRange, TextStyle } from '../../model/rich-text.ts';

const inlineMarks: Readonly<Record<string, TextStyle>> = {
  '*': 'bold',
  _: 'italic',
  '~': 'strikethrough',
  '`': 'monospace',
};
const anyMark = /[*_~`]/;
const blockMark = '```';
const quoteMark = '> ';
const quoted = /^> +\S/;
const link = /https?:\/\/\S+/g;

interface Open {
  readonly mark: string;
  /** Where the mark was written to, in the plain text. */
  readonly at: number;
}

/** What the contact wrote, with the marks turned into styles. */
export function readMarks(source: string): RichText {
  const ranges: StyledRange[] = [];
  const written: string[] = [];
  let length = 0;
  let isLineStart = true;
  const write = (text: string, style?: TextStyle): void => {
    if (style !== undefined) ranges.push({ start: length, length: text.length, style });
    written.push(text);
    length += text.length;
  };
  const pieces = source.split(blockMark);
  const last = pieces.length - 1;
  for (const [index, piece] of pieces.entries()) {
    // Without a partner the last mark is just three letters, and so are marks around nothing.
    const isBlock = index % 2 === 1 && index < last && piece.trim() !== '';
    const isLetters = index % 2 === 1 && !isBlock;
    if (isLetters) write(blockMark);
    if (isBlock || (isLetters && index < last)) write(piece, isBlock ? 'code-block' : undefined);
    else {
      for (const [number, line] of piece.split('\n').entries()) {
        if (number > 0) write('\n');
        const isQuote = (isLineStart || number > 0) && quoted.test(line);
        const start = length;
        write(readInline(isQuote ? line.slice(quoteMark.length) : line, start, ranges));
        if (isQuote) ranges.push({ start, length: length - start, style: 'quote' });
      }
    }
    if (isLetters && index < last) write(blockMark);
    isLineStart = isBlock && piece.endsWith('\n');
  }
  return { text: written.join(''), ranges };
}

/** Marks are taken out once their partner is found; until then they stand in the text as letters. */
function readInline(line: string, offset: number, ranges: StyledRange[]): string {
  if (!anyMark.test(line)) return line;
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
  const links = linksIn(line);
  let next = links.next();
  for (let index = 0; index < line.length; index += 1) {
    if (next.done !== true && index === next.value.from) {
      index = next.value.to - 1;
      next = links.next();
      continue;
    }
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

/** Where links stand; marks at their end belong to the text around them. */
function* linksIn(line: string): Generator<{ readonly from: number; readonly to: number }, undefined> {
  for (const { 0: found, index } of line.matchAll(link)) {
    let to = index + found.length;
    while (inlineMarks[line.charAt(to - 1)] !== undefined) to -= 1;
    yield { from: index, to };
  }
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

/** What the contact's phone shows styled. Marks stand only where WhatsApp takes them for marks. */
export function writeMarks({ text, ranges }: RichText): string {
  const insertions = new Map<number, { closing: string; opening: string; quote: string }>();
  const at = (index: number) => {
    const known = insertions.get(index) ?? { closing: '', opening: '', quote: '' };
    insertions.set(index, known);
    return known;
  };
  // Outer ranges first: the marks have to be nested.
  const ordered = [...ranges].sort((one, other) => one.start - other.start || other.length - one.length);
  for (const range of ordered) {
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
  const starts = [start > 0 ? text.lastIndexOf('\n', start - 1) + 1 : 0];
  for (
    let next = text.indexOf('\n', start);
    next !== -1 && next + 1 < start + length;
    next = text.indexOf('\n', next + 1)
  )
    starts.push(next + 1);
  return starts;
}

/**
 * The range line by line, without the spaces at the edges; not where it begins or ends inside a word. A block of code
 * stays whole.
 */
function stretches(text: string, { start, length, style }: StyledRange): { from: number; to: number }[] {
  const end = Math.min(text.length, start + length);
  if (style === 'code-block') return start < end ? [{ from: start, to: end }] : [];
  const found: { from: number; to: number }[] = [];
  let lineStart = start;
  for (const line of text.slice(start, end).split('\n')) {
    const from = lineStart + line.length - line.trimStart().length;
    const to = from + line.trim().length;
    if (from < to && !isWord(text.charAt(from - 1)) && !isWord(text.charAt(to))) found.push({ from, to });
    lineStart += line.length + 1;
  }
  return found;
}
