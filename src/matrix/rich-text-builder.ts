/** Builds styled text piece by piece, folding white space as HTML does. Every step costs no more than its own text. */
import { type RichText, type StyledRange, type TextStyle, textStyles } from '../model/rich-text.ts';

export class RichTextBuilder {
  #text = '';
  readonly #ranges: { start: number; length: number; readonly style: TextStyle }[] = [];
  readonly #latest = new Map<TextStyle, { start: number; length: number }>();
  readonly #active = new Map<TextStyle, number>();
  #trailingNewlines = 0;
  #wantedNewlines = 0;
  #wantsSpace = false;
  #mark = '';

  begin(style: TextStyle): void {
    this.#active.set(style, (this.#active.get(style) ?? 0) + 1);
  }

  end(style: TextStyle): void {
    this.#active.set(style, (this.#active.get(style) ?? 0) - 1);
  }

  /** Text in which any white space is one space, and none at the start or end of a line. */
  words(text: string): void {
    for (const [piece] of text.matchAll(/[ \t\n\r\f]+|[^ \t\n\r\f]+/g)) {
      if (!/^[ \t\n\r\f]/.test(piece)) this.verbatim(piece);
      else if (!this.#atLineStart()) this.#wantsSpace = true;
    }
  }

  verbatim(text: string): void {
    if (text === '') return;
    this.#settle();
    this.#append(text);
  }

  newline(): void {
    this.#wantsSpace = false;
    this.#settle();
    this.#append('\n');
  }

  /** What comes next stands after at least so many newlines, unless it is the first. */
  startLine(newlines: number): void {
    this.#wantedNewlines = Math.max(this.#wantedNewlines, newlines);
    this.#wantsSpace = false;
  }

  /** Stands before what comes next, if anything comes. */
  mark(mark: string): void {
    this.#mark = mark;
  }

  /** Without white space around it. */
  finish(): RichText {
    const text = this.#text.replace(/^[ \n]+/, '');
    const cut = this.#text.length - text.length;
    const trimmed = trimEnd(text);
    return { text: trimmed, ranges: this.#ranges.flatMap((range) => clip(range, cut, trimmed.length)) };
  }

  #atLineStart(): boolean {
    return this.#text === '' || this.#trailingNewlines > 0 || this.#wantedNewlines > 0;
  }

  #settle(): void {
    const missing = this.#wantedNewlines - this.#trailingNewlines;
    if (missing > 0 && this.#text !== '') this.#append('\n'.repeat(missing), 'between');
    this.#wantedNewlines = 0;
    const mark = this.#mark;
    this.#mark = '';
    if (mark !== '') this.#append(mark, 'between');
    if (this.#wantsSpace) this.#append(' ', 'between');
    this.#wantsSpace = false;
  }

  /** What stands between words has the styles of both sides only: a style that just begins, begins after it. */
  #append(text: string, role: 'words' | 'between' = 'words'): void {
    const start = this.#text.length;
    this.#text += text;
    const newlines = trailingNewlines(text);
    this.#trailingNewlines = newlines === text.length ? this.#trailingNewlines + newlines : newlines;
    for (const style of textStyles) {
      if ((this.#active.get(style) ?? 0) <= 0) continue;
      const latest = this.#latest.get(style);
      if (latest !== undefined && latest.start + latest.length === start) latest.length += text.length;
      else if (role === 'words') {
        const range = { start, length: text.length, style };
        this.#ranges.push(range);
        this.#latest.set(style, range);
      }
    }
  }
}

function trailingNewlines(text: string): number {
  let count = 0;
  while (count < text.length && text[text.length - 1 - count] === '\n') count += 1;
  return count;
}

/** Not by a regular expression: that would look from every space to the end of its run. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\n')) end -= 1;
  return text.slice(0, end);
}

function clip({ start, length, style }: StyledRange, cut: number, limit: number): StyledRange[] {
  const from = Math.max(0, start - cut);
  const to = Math.min(limit, start - cut + length);
  return from < to ? [{ start: from, length: to - from, style }] : [];
}
