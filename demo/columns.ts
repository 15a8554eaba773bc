/**
 * Two columns in a terminal: what the official sees on the left, what the citizen's phone shows on the right. Long
 * words wrap inside their column; colour only where a terminal takes it; what was written cannot steer the terminal.
 */
import { styleText } from 'node:util';

export type Side = 'matrix' | 'whatsapp';

/** Something said, or something about what was said. */
export type Weight = 'said' | 'about';

const colours = { matrix: 'cyan', whatsapp: 'green' } as const;
const timeWidth = 'hh:mm:ss'.length;
const border = ' │ ';
const narrowest = 30;
const widest = 72;

export class Columns {
  readonly #width: number;
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void, terminalWidth = process.stdout.isTTY ? process.stdout.columns : 120) {
    const each = Math.floor((terminalWidth - timeWidth - 2 * border.length) / 2);
    this.#width = Math.max(narrowest, Math.min(widest, each));
    this.#print = print;
  }

  head(matrix: string, whatsapp: string): void {
    const bold = (side: Side, title: string): string => styleText(['bold', colours[side]], title);
    const left = bold('matrix', this.#padded(matrix));
    this.#print(`${' '.repeat(timeWidth)}${border}${left}${border}${bold('whatsapp', whatsapp)}`);
    const rule = '─'.repeat(this.#width);
    this.#print(`${'─'.repeat(timeWidth)}─┼─${rule}─┼─${rule}`);
  }

  row(side: Side, weight: Weight, words: string, at = new Date()): void {
    const format = weight === 'said' ? colours[side] : 'dim';
    for (const [number, line] of wrapped(words, this.#width).entries()) {
      const time = number === 0 ? at.toTimeString().slice(0, timeWidth) : ' '.repeat(timeWidth);
      const cell = styleText(format, this.#padded(line));
      const empty = ' '.repeat(this.#width);
      const cells = side === 'matrix' ? [cell, empty] : [empty, cell];
      this.#print(`${styleText('dim', time)}${border}${cells.join(border)}`.trimEnd());
    }
  }

  #padded(line: string): string {
    return line + ' '.repeat(Math.max(0, this.#width - widthOf(line)));
  }
}

/** Lines of at most `width` columns; all but the first are indented. */
function wrapped(words: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of plain(words)
    .split(' ')
    .flatMap((long) => pieces(long, width - 2))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = `  ${word}`;
    } else line = longer;
  }
  return [...lines, line];
}

const pieces = (word: string, width: number): readonly string[] =>
  widthOf(word) <= width ? [word] : (word.match(new RegExp(`.{1,${Math.floor(width / 2)}}`, 'gu')) ?? [word]);

/** Without control characters, line breaks among them. */
export const plain = (words: string): string =>
  words
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim();

const segmenter = new Intl.Segmenter();

/** Columns on the screen; a picture sign takes two. */
function widthOf(line: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(line)) width += /\p{Emoji_Presentation}|\ufe0f/u.test(segment) ? 2 : 1;
  return width;
}
