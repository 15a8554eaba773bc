import { ChanceryError } from '../../base/errors.ts';
import type { TemplateSketch } from '../../networks/contract.ts';
import { type Command, type CommandCall } from '../command.ts';

const maxListed = 15;
const maxName = 100;
const maxText = 250;

/** Messages that the network has approved, and that may be sent at any time. */
export const template: Command = {
  name: 'template',
  usage: 'list [LANGUAGE] | send NAME [LANGUAGE] [| PARAMETER ...]',
  summary:
    'in a chat: list the approved messages, or send one, e.g. `template send appointment_reminder de | Monday | 10:30`',
  example: 'template send appointment_reminder de | Monday | 10:30',
  role: 'official',
  run: async (call) => {
    const [what, ...rest] = call.arguments;
    if (what === 'list' && rest.length <= 1) return list(call, rest[0]);
    if (what === 'send') return send(call, rest.join(' '));
    throw wrong();
  },
};

async function list({ templates, place }: CommandCall, language: string | undefined): Promise<string> {
  const all = await templates.list(place.room);
  const wanted = all.filter((each) => language === undefined || each.language === language);
  if (wanted.length === 0) return language === undefined ? 'There are none.' : `There are none in ${language}.`;
  const more = wanted.length > maxListed ? [`... and ${wanted.length - maxListed} more: name a language.`] : [];
  return [...wanted.slice(0, maxListed).map(lineOf), ...more].join('\n\n');
}

const lineOf = ({ name, language, status, category, text }: TemplateSketch): string =>
  `${shortened(name, maxName)} (${[language, category, ...(status === 'approved' ? [] : [`not to be sent: ${status}`])].join(', ')})\n${shortened(text, maxText)}`;

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).toWellFormed()} …`;

async function send({ templates, place, asker }: CommandCall, line: string): Promise<string> {
  const [head = '', ...parameters] = line.split('|').map((part) => part.trim());
  const [name = '', language = '', ...other] = head.split(' ');
  if (name === '' || other.length > 0) throw wrong();
  const refusal = await templates.send(place, asker, { type: 'template', name, language, parameters });
  return refusal ?? '';
}

const wrong = (): ChanceryError =>
  new ChanceryError('CH-COMMAND-INVALID', {
    detail: 'Expected `template list`, or `template send NAME LANGUAGE | first parameter | second parameter`.',
  });
