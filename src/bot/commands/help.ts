import { ChanceryError } from '../../base/errors.ts';
import { type Command, isCalled } from '../command.ts';

/** Lists only what the asker may do. */
export const help: Command = {
  name: 'help',
  usage: '[COMMAND]',
  summary: 'show what you can ask of me, or more about one command',
  example: 'help start-chat',
  role: 'official',
  run: async ({ offered, arguments: [name] }) => {
    if (name === undefined) return offered.map(lineOf).join('\n');
    const command = offered.find(isCalled(name));
    if (command !== undefined) return moreAbout(command);
    throw new ChanceryError('CH-COMMAND-INVALID', {
      detail: 'There is no such command for you. `help` lists those there are.',
    });
  },
};

const lineOf = ({ name, usage, summary }: Command): string => `${[name, usage].filter(Boolean).join(' ')} - ${summary}`;

const moreAbout = (command: Command): string =>
  [
    lineOf(command),
    `Example: \`${command.example}\``,
    ...(command.alias === undefined ? [] : [`Also called \`${command.alias}\`.`]),
  ].join('\n');
