import { ChanceryError } from '../../base/errors.ts';
import type { GroupInRoom } from '../../bridge/group-care.ts';
import type { Command } from '../command.ts';

const maxWords = 500;

/** Groups that a number makes and keeps. */
export const group: Command = {
  name: 'group',
  usage:
    'create NAME | create-closed NAME; in its chat: link | new-link | members | remove NUMBER | requests | approve REQUEST | decline REQUEST | rename NAME | delete',
  summary:
    'make a group, in which at most eight people join by a link, and keep it; into a closed one you let each person',
  example: 'group create Allotments',
  role: 'official',
  run: async ({ groups, place, asker, arguments: [what = '', ...rest] }) => {
    const words = rest.join(' ').slice(0, maxWords);
    if (what === 'create' || what === 'create-closed') {
      await groups.create(asker, given(words), what === 'create-closed');
      return 'The network was asked to make the group. Its room appears, with the link for those who are to join, as soon as it is there.';
    }
    return answerIn(await groups.in(place.room, asker), what, words);
  },
};

async function answerIn(chat: GroupInRoom, what: string, words: string): Promise<string> {
  switch (what) {
    case 'link':
      return `People join with this link: ${await chat.link('show')}`;
    case 'new-link':
      return `The former link leads nowhere now. People join with this one: ${await chat.link('renew')}`;
    case 'members':
      return listed(
        (await chat.members()).map(({ displayName, id }) => displayName ?? id),
        'Nobody has joined yet. `group link` shows the link for it.',
      );
    case 'requests':
      return listed(
        (await chat.requests()).map(({ id, contact }) => `${contact.displayName ?? 'Somebody'}: group approve ${id}`),
        'Nobody asks to join.',
      );
    case 'remove':
      await chat.remove(given(words));
      return 'The network was asked to remove them.';
    case 'approve':
    case 'decline':
      await chat.decide(given(words), what);
      return what === 'approve' ? 'They may join.' : 'They may not join.';
    case 'rename':
      await chat.rename(given(words));
      return 'The network was asked to rename it.';
    case 'delete':
      await chat.close();
      return 'The network was asked to delete the group. What was said stays.';
    default:
      throw wrong();
  }
}

const listed = (lines: readonly string[], none: string): string => (lines.length === 0 ? none : lines.join('\n'));

function given(words: string): string {
  if (words !== '') return words;
  throw wrong();
}

const wrong = (): ChanceryError =>
  new ChanceryError('CH-COMMAND-INVALID', {
    detail:
      'Expected for example `group create Allotments`, or in the chat of a group `group link`. `help group` lists all.',
  });
