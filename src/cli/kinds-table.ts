/** The table of docs/networks/whatsapp.md: each kind of thing, both ways. */
import { words } from '../bridge/words.ts';
import { type Kind, kinds, type Way } from '../networks/whatsapp/kinds.ts';

export function kindsTable(): string {
  const rows = kinds.map(({ name, fromCitizen, fromOfficial }: Kind) => [
    name,
    shown(fromCitizen),
    shown(fromOfficial),
  ]);
  return [
    '| kind | citizen to official | official to citizen |',
    '|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function shown(way: Way): string {
  switch (way.level) {
    case 'full':
      return 'full';
    case 'partial':
      return `partial: ${way.missing}`;
    case 'refused':
      return `refused: “${answerTo(way.what)}”`;
    case 'none':
      return '-';
  }
}

function answerTo(what: string): string {
  if (what === 'an edit') return words.cannotEdit('WhatsApp');
  return what === 'a deletion' ? words.cannotDelete('WhatsApp') : words.cannotSend('WhatsApp', what);
}
