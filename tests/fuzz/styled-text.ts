/** What must hold of styled text and of everything that is written from it, whoever wrote the source. */
import { Parser } from 'htmlparser2';
import { renderHtml } from '../../src/matrix/render-html.ts';
import { maxTextLength, renderText } from '../../src/matrix/render.ts';
import { type RichText, splitText, textStyles } from '../../src/model/rich-text.ts';
import { capabilities } from '../../src/networks/whatsapp/capabilities.ts';
import { writeMarks } from '../../src/networks/whatsapp/formatting.ts';
import { promise } from './target.ts';

/** Nothing else is ever written into a room. */
const allowed = new Set(['blockquote', 'pre', 'code', 'strong', 'em', 'del', 'br']);
/** Client-server API, "Size limits", less what else an event holds. */
const maxEventBytes = 60_000;

const withoutSpaces = (text: string): string => text.replace(/[\s\u00a0]+/g, '');
const withoutMarks = (text: string): string => withoutSpaces(text).replace(/[*_~`>]+/g, '');

export function judgeRichText({ text, ranges }: RichText): void {
  for (const { start, length, style } of ranges) {
    promise(Number.isSafeInteger(start) && Number.isSafeInteger(length), 'a range is no range');
    promise(start >= 0 && length > 0 && start + length <= text.length, `a range is out of bounds: ${start}+${length}`);
    promise(textStyles.includes(style), `a style is unknown: ${style}`);
  }
}

/** As it goes into a room. */
export function judgeInRoom(rich: RichText): void {
  for (const piece of splitText(rich, maxTextLength)) {
    judgeRichText(piece);
    judgeHtml(renderHtml(piece), piece.text);
    const { content } = renderText(piece, { replyTo: undefined, forwarded: 'often' });
    promise(Buffer.byteLength(JSON.stringify(content)) <= maxEventBytes, 'a piece of text does not fit into an event');
  }
}

/** As it goes to WhatsApp. */
export function judgeAsMarks(rich: RichText): void {
  const pieces = splitText(rich, capabilities.maxTextLength);
  promise(pieces.map(({ text }) => text).join('') === rich.text, 'cutting a text changed it');
  for (const piece of pieces) {
    judgeRichText(piece);
    promise(withoutMarks(writeMarks(piece)) === withoutMarks(piece.text), 'writing marks changed the words');
  }
}

/** Well-formed, of allowed tags without attributes only, and with all the words of the text. */
export function judgeHtml(html: string, text: string): void {
  const open: string[] = [];
  let words = '';
  const parser = new Parser({
    onopentag(name, attributes) {
      promise(allowed.has(name), `a tag is not allowed: ${name}`);
      promise(Object.keys(attributes).length === 0, `a tag has attributes: ${name}`);
      if (name !== 'br') open.push(name);
    },
    onclosetag(name, isImplied) {
      if (name === 'br') return;
      promise(open.pop() === name && !isImplied, `a tag is not closed where it should be: ${name}`);
    },
    ontext(piece) {
      words += piece;
    },
    oncomment: () => promise(false, 'there is a comment'),
    onprocessinginstruction: () => promise(false, 'there is an instruction'),
  });
  parser.end(html);
  promise(withoutSpaces(words) === withoutSpaces(text), 'the HTML says something else than the text');
}
