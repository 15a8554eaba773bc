/**
 * Styled text as the HTML of `org.matrix.custom.html`: always well-formed, whatever the ranges are, and only tags that
 * the client-server API ("m.room.message msgtypes") names. Every character of the text is escaped here.
 */
import type { RichText, TextStyle } from '../model/rich-text.ts';

interface Tag {
  readonly open: string;
  readonly close: string;
  /** Begins and ends a line by itself. */
  readonly block: boolean;
}

const inline = (name: string): Tag => ({ open: `<${name}>`, close: `</${name}>`, block: false });

const tags: Readonly<Record<TextStyle, Tag>> = {
  quote: { open: '<blockquote>', close: '</blockquote>', block: true },
  'code-block': { open: '<pre><code>', close: '</code></pre>', block: true },
  bold: inline('strong'),
  italic: inline('em'),
  strikethrough: inline('del'),
  monospace: inline('code'),
};
const outermostFirst: readonly TextStyle[] = ['quote', 'code-block', 'bold', 'italic', 'strikethrough', 'monospace'];

interface Segment {
  readonly text: string;
  readonly styles: readonly TextStyle[];
}

export function renderHtml(rich: RichText): string {
  const writer = new HtmlWriter();
  for (const segment of segmentsOf(rich)) writer.write(segment);
  return writer.finish();
}

class HtmlWriter {
  #html = '';
  readonly #open: TextStyle[] = [];
  #lineEnded = false;
  #blockEnded = false;

  write({ text, styles }: Segment): void {
    while (this.#open.some((style, index) => style !== styles[index])) this.#close();
    for (const style of styles.slice(this.#open.length)) {
      this.#html += tags[style].open;
      this.#open.push(style);
    }
    // The end of a block ends its line: the newline after it would show as an empty line.
    const shown = escapeHtml(this.#blockEnded && text.startsWith('\n') ? text.slice(1) : text);
    this.#html += styles.includes('code-block') ? shown : shown.replaceAll('\n', '<br>');
    this.#blockEnded = false;
    this.#lineEnded = text.endsWith('\n');
  }

  finish(): string {
    while (this.#open.length > 0) this.#close();
    return this.#html;
  }

  #close(): void {
    const style = this.#open.pop();
    if (style === undefined) return;
    this.#html += tags[style].close;
    if (tags[style].block) this.#blockEnded = !this.#lineEnded;
  }
}

/** The text cut wherever a style begins or ends. */
function segmentsOf(rich: RichText): Segment[] {
  const { text } = rich;
  const changes = new Map<number, [TextStyle, number][]>([[text.length, []]]);
  const change = (at: number, style: TextStyle, by: number): void => {
    const known = changes.get(at);
    if (known === undefined) changes.set(at, [[style, by]]);
    else known.push([style, by]);
  };
  for (const { start, length, style } of rich.ranges) {
    if (!(length > 0)) continue;
    const from = splitsPair(text, start) ? start - 1 : Math.max(0, start);
    const to = Math.min(text.length, splitsPair(text, start + length) ? start + length + 1 : start + length);
    if (!(from < to)) continue;
    change(from, style, 1);
    change(to, style, -1);
  }
  const visible = keepSpaces(text);
  const active = new Map<TextStyle, number>();
  const segments: Segment[] = [];
  let last = 0;
  for (const at of [...changes.keys()].sort((one, other) => one - other)) {
    const styles = outermostFirst.filter((style) => (active.get(style) ?? 0) > 0);
    const source = styles.includes('code-block') ? text : visible;
    if (at > last) segments.push({ text: source.slice(last, at), styles });
    for (const [style, by] of changes.get(at) ?? []) active.set(style, (active.get(style) ?? 0) + by);
    last = at;
  }
  return segments;
}

/** HTML folds spaces into one and drops them at the ends of a line; the length stays the same. */
const keepSpaces = (text: string): string => text.replace(/(?<=^|\n) | (?=[ \n]|$)/g, '\u00a0');

function splitsPair(text: string, at: number): boolean {
  const isLow = (text.charCodeAt(at) & 0xfc00) === 0xdc00;
  return at > 0 && isLow && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\u00a0': '&nbsp;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"'\u00a0]/g, (character) => entities[character] ?? '');
