/**
 * The HTML of a message (`org.matrix.custom.html`) as styled text. Whatever a stranger sends: no crash, linear time,
 * bounded depth. What text cannot show is said in words: links with their address, lists with dashes.
 */
import { Parser } from 'htmlparser2';
import type { RichText, TextStyle } from '../model/rich-text.ts';
import { linkSuffix } from './link-words.ts';
import { RichTextBuilder } from './rich-text-builder.ts';

/** Client-server API: clients should not nest deeper than 100. */
const maxDepth = 100;
const maxIndentLevels = 4;

const styles: ReadonlyMap<string, TextStyle> = new Map([
  ['b', 'bold'],
  ['strong', 'bold'],
  ['th', 'bold'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((heading) => [heading, 'bold'] as const),
  ['i', 'italic'],
  ['em', 'italic'],
  ['cite', 'italic'],
  ['del', 'strikethrough'],
  ['s', 'strikethrough'],
  ['strike', 'strikethrough'],
  ['code', 'monospace'],
  ['tt', 'monospace'],
  ['kbd', 'monospace'],
  ['samp', 'monospace'],
  ['pre', 'code-block'],
  ['blockquote', 'quote'],
]);

/** How many newlines part these elements from what is around them. */
const breaks: ReadonlyMap<string, number> = new Map([
  ...['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => [name, 2] as const),
  ...['blockquote', 'pre', 'div', 'ul', 'ol', 'li', 'tr', 'table', 'hr', 'details', 'summary', 'dl', 'dt', 'dd'].map(
    (name) => [name, 1] as const,
  ),
  ...['section', 'article', 'header', 'footer', 'caption', 'figure', 'figcaption', 'address'].map(
    (name) => [name, 1] as const,
  ),
]);

/** Never words for people; `mx-reply` repeats the message that is replied to. */
const unseen = new Set(['mx-reply', 'script', 'style', 'head', 'title', 'noscript', 'template', 'iframe', 'object']);

interface OpenElement {
  readonly name: string;
  readonly style: TextStyle | undefined;
}

interface OpenList {
  /** Undefined for bullets. */
  next: number | undefined;
}

class TooDeep extends Error {}

/** Undefined when it nests deeper than any client's HTML does. */
export function readHtml(html: string): RichText | undefined {
  const reader = new HtmlReader();
  const parser = new Parser({
    onopentag: (name, attributes) => reader.open(name, attributes),
    onclosetag: (name) => reader.close(name),
    ontext: (text) => reader.text(text),
  });
  try {
    parser.end(html);
  } catch (thrown) {
    if (thrown instanceof TooDeep) return undefined;
    throw thrown;
  }
  return reader.out.finish();
}

class HtmlReader {
  readonly out = new RichTextBuilder();
  readonly #elements: OpenElement[] = [];
  readonly #lists: OpenList[] = [];
  #unseen = 0;
  #preformatted = 0;
  #atPreStart = false;
  #link: { readonly href: string; text: string } | undefined;
  #cells = 0;

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#elements.length >= maxDepth) throw new TooDeep();
    const insidePre = this.#elements.at(-1)?.name === 'pre';
    const style = name === 'code' && insidePre ? undefined : styles.get(name);
    this.#elements.push({ name, style });
    this.#atPreStart = name === 'pre';
    if (unseen.has(name)) this.#unseen += 1;
    if (this.#unseen > 0) return;
    this.#breakAround(name);
    if (style !== undefined) this.out.begin(style);
    this.#begin(name, attributes);
  }

  close(name: string): void {
    const element = this.#elements.pop();
    if (unseen.has(name)) this.#unseen -= 1;
    else if (this.#unseen === 0) {
      this.#end(name);
      if (element?.style !== undefined) this.out.end(element.style);
      this.#breakAround(name);
    }
  }

  text(text: string): void {
    if (this.#unseen > 0) return;
    if (this.#link !== undefined) this.#link.text += text;
    if (this.#preformatted === 0) {
      this.out.words(text);
      return;
    }
    const lines = text.replace(/\r\n?/g, '\n');
    // HTML standard, "The pre element": a newline right after the start tag is not part of it.
    this.out.verbatim(this.#atPreStart && lines.startsWith('\n') ? lines.slice(1) : lines);
    this.#atPreStart = false;
  }

  #begin(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'br') this.out.newline();
    else if (name === 'hr') this.out.words('---');
    else if (name === 'img') this.text(attributes['alt'] ?? attributes['title'] ?? '');
    else if (name === 'a') this.#link = { href: attributes['href'] ?? '', text: '' };
    else if (name === 'pre') this.#preformatted += 1;
    else if (name === 'ul') this.#lists.push({ next: undefined });
    else if (name === 'ol') this.#lists.push({ next: firstNumber(attributes['start']) });
    else if (name === 'li') this.out.mark(this.#bullet());
    else if (name === 'tr') this.#cells = 0;
    else if (name === 'td' || name === 'th') {
      if (this.#cells > 0) this.out.words(' | ');
      this.#cells += 1;
    }
  }

  #end(name: string): void {
    if (name === 'pre') this.#preformatted -= 1;
    else if (name === 'ul' || name === 'ol') this.#lists.pop();
    else if (name === 'li') this.out.mark('');
    else if (name === 'a' && this.#link !== undefined) {
      this.out.words(linkSuffix(this.#link.href, this.#link.text));
      this.#link = undefined;
    }
  }

  #breakAround(name: string): void {
    const newlines = breaks.get(name) ?? 0;
    if (newlines > 0) this.out.startLine(this.#lists.length > 0 ? 1 : newlines);
  }

  #bullet(): string {
    const list = this.#lists.at(-1);
    const indent = '  '.repeat(Math.min(maxIndentLevels, Math.max(0, this.#lists.length - 1)));
    if (list?.next === undefined) return `${indent}- `;
    list.next += 1;
    return `${indent}${list.next - 1}. `;
  }
}

function firstNumber(start: string | undefined): number {
  const number = Number(start ?? '1');
  return Number.isInteger(number) && Math.abs(number) < 1_000_000 ? number : 1;
}
