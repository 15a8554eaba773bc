/**
 * Answers commands. Every command declares who may use it; what is not offered to the asker does not exist for them.
 * Secrets are never asked for here: accounts are added on the command line.
 */
import { ChanceryError } from '../base/errors.ts';
import type { CommandAnswerer } from '../bridge/bot-room.ts';
import type { Services } from '../bridge/bridge.ts';
import type { Place } from '../bridge/template-sending.ts';
import { isListed } from '../governance/permissions.ts';
import type { UserId } from '../model/ids.ts';
import { type Command, isCalled, type Role } from './command.ts';
import { accounts } from './commands/accounts.ts';
import { acts } from './commands/acts.ts';
import { defaultAccount, managementRoom, mute, unmute } from './commands/choices.ts';
import { drop } from './commands/drop.ts';
import { help } from './commands/help.ts';
import { logout } from './commands/logout.ts';
import { portals } from './commands/portals.ts';
import { deletePortal, syncPortal, unbridge } from './commands/rooms.ts';
import { search } from './commands/search.ts';
import { retry } from './commands/retry.ts';
import { status } from './commands/status.ts';
import { group } from './commands/group.ts';
import { bridge, resolve, startChat } from './commands/start-chat.ts';
import { template } from './commands/template.ts';
import { chatWindow } from './commands/window.ts';
import { version } from './commands/version.ts';

const commands: readonly Command[] = [
  help,
  version,
  status,
  portals,
  search,
  retry,
  drop,
  acts,
  accounts,
  logout,
  managementRoom,
  chatWindow,
  template,
  startChat,
  group,
  resolve,
  defaultAccount,
  mute,
  unmute,
  syncPortal,
  bridge,
  unbridge,
  deletePortal,
];

export interface BotOptions {
  readonly admins: readonly string[];
  readonly officials: readonly string[];
  readonly services: Services;
}

export class Bot implements CommandAnswerer {
  readonly #options: BotOptions;

  constructor(options: BotOptions) {
    this.#options = options;
  }

  knows(user: UserId): boolean {
    return this.#roleOf(user) !== undefined;
  }

  async answer(asker: UserId, line: string, place: Place): Promise<string> {
    const role = this.#roleOf(asker);
    if (role === undefined) return 'You are not among the people this bot works for. Ask your administrator.';
    const offered = commands.filter((command) => command.role === 'official' || role === 'admin');
    const [name = '', ...rest] = line.trim().split(/\s+/);
    const command = offered.find(isCalled(name));
    if (command === undefined)
      return `I do not know \`${name.slice(0, 40)}\`. Write \`help\` to see what I can do for you.`;
    try {
      return await command.run({ asker, role, arguments: rest, place, ...this.#options.services, offered });
    } catch (thrown) {
      if (thrown instanceof ChanceryError) return `${thrown.code}: ${thrown.message} ${thrown.advice}`;
      throw thrown;
    }
  }

  #roleOf(user: UserId): Role | undefined {
    if (isListed(this.#options.admins, user)) return 'admin';
    return isListed(this.#options.officials, user) ? 'official' : undefined;
  }
}
