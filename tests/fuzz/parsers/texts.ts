/** The readers and writers of formatted text: HTML of Matrix, marks of WhatsApp, and ranges that nobody checked. */
import { readHtml } from '../../../src/matrix/read-html.ts';
import { renderHtml } from '../../../src/matrix/render-html.ts';
import { type RichText, type StyledRange, splitText, textStyles } from '../../../src/model/rich-text.ts';
import { readMarks, writeMarks } from '../../../src/networks/whatsapp/formatting.ts';
import { htmlBodies, htmlVocabulary } from '../corpus/html.ts';
import type { Dice } from '../dice.ts';
import { hostileText, mutateText } from '../mutate/text.ts';
import { judgeAsMarks, judgeHtml, judgeInRoom, judgeRichText } from '../styled-text.ts';
import { promise } from '../target.ts';
import { parserTarget } from './parser-stand.ts';

export const html = parserTarget<string>({
  name: 'html',
  make: (dice) => mutateText(dice, dice.pick(htmlBodies), htmlVocabulary, dice.pick(htmlBodies)),
  read(body) {
    const rich = readHtml(body);
    if (rich === undefined) return;
    judgeRichText(rich);
    judgeInRoom(rich);
    judgeAsMarks(rich);
    promise(rich.text.length <= body.length * 4 + 100, 'the text is much longer than the HTML that it comes from');
  },
  ordinary: htmlBodies[0],
});

const marked: readonly [string, ...string[]] = [
  'Does *it* come in _another_ ~colour~? https://agency.example/~a_b_*c*',
  '> quoted *bold*\n> more\n```\ncode *x*\n```\nafter `mono` and _*both*_',
  'snake_case_word 2*3*4 ~/bin _a *b_ c* ```unclosed',
];
const markVocabulary: readonly [string, ...string[]] = [
  ...([
    '*',
    '_',
    '~',
    '`',
    '```',
    '> ',
    '>',
    '\n',
    '\n> ',
    ' ',
    '**',
    '*a*',
    '_b_',
    'https://',
    'http://a/*',
    '\n```\n',
  ] as const),
  ...(['*_~`', '`*`', 'é', '\u00a0', '\u200b', '>> ', '```*```', '\r\n', '\t'] as const),
];
const marks = /[*_~`>\s]/g;

export const whatsAppMarks = parserTarget<string>({
  name: 'marks',
  make: (dice) => mutateText(dice, dice.pick(marked), markVocabulary, dice.pick(marked)),
  read(body) {
    const rich = readMarks(body);
    judgeRichText(rich);
    promise(rich.text.replace(marks, '') === body.replace(marks, ''), 'reading marks lost a word');
    judgeInRoom(rich);
    judgeAsMarks(rich);
  },
  ordinary: marked[0],
});

const oddNumbers: readonly [number, ...number[]] = [
  0,
  -1,
  1,
  0.5,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 53,
  1e308,
];

function oddRange(dice: Dice, length: number): StyledRange {
  const number = (): number => (dice.chance(15) ? dice.pick(oddNumbers) : dice.below(length + 3) - 1);
  return { start: number(), length: number(), style: textStyles[dice.below(textStyles.length)] ?? 'bold' };
}

export const ranges = parserTarget<RichText>({
  name: 'ranges',
  make(dice) {
    const text = mutateText(dice, dice.pick(marked), markVocabulary, hostileText(dice));
    const count = dice.chance(5) ? 500 : dice.below(12);
    return { text, ranges: Array.from({ length: count }, () => oddRange(dice, text.length)) };
  },
  read(rich) {
    judgeHtml(renderHtml(rich), rich.text);
    writeMarks(rich);
    const pieces = splitText(rich, 100);
    promise(pieces.map(({ text }) => text).join('') === rich.text, 'cutting a text changed it');
    for (const piece of pieces) judgeHtml(renderHtml(piece), piece.text);
  },
  ordinary: { text: 'bold', ranges: [{ start: 0, length: 4, style: 'bold' }] },
});
