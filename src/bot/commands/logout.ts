import { ChanceryError } from '../../base/errors.ts';
import type { Command } from '../command.ts';

/** Ends the connection of an account. Connecting one takes secrets, and is done on the command line. */
export const logout: Command = {
  name: 'logout',
  usage: 'ACCOUNT',
  summary: 'forget the credentials of an account; its chats stay, and what is written in them waits',
  example: 'logout whatsapp/106540352242922',
  role: 'admin',
  run: async ({ operations, arguments: [account = '', ...more], asker }) => {
    if (account === '' || more.length > 0 || !(await operations.logout(account, asker)))
      throw new ChanceryError('CH-COMMAND-INVALID', {
        detail: 'Expected an account as `accounts` lists it: `logout whatsapp/106540352242922`.',
      });
    return `${account} is logged out. \`chancery login ${account.split('/')[0] ?? ''}\` on the command line connects it again.`;
  },
};
