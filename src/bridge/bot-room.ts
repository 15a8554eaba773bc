/** What is said to the bot, in a room of its own or in a portal, and the invitations that it gets. */
import { transactionIdOf } from '../matrix/identifiers.ts';
import { renderNotice } from '../matrix/render.ts';
import type { RoomEvent } from '../matrix/room-event.ts';
import { asId, type AccountId, type RoomId, type UserId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';
import type { Place } from './template-sending.ts';

/** Who knows the commands; handed in at composition. */
export interface CommandAnswerer {
  knows(user: UserId): boolean;
  /** An empty answer is not given. */
  answer(asker: UserId, line: string, place: Place): Promise<string>;
}

/** In a portal a command begins with this and never goes to the contact. */
export const commandPrefix = '!chancery';
export const isCommand = (text: string): boolean => text === commandPrefix || text.startsWith(`${commandPrefix} `);
const botItself = asId<AccountId>('bot');

export class BotRoom {
  readonly #context: BridgeContext;
  readonly #commands: CommandAnswerer;

  constructor(context: BridgeContext, commands: CommandAnswerer) {
    this.#context = context;
    this.#commands = commands;
  }

  /** An invitation of one of our users: the bot follows people it works for; everything else is declined. */
  async invited(event: RoomEvent): Promise<void> {
    const { homeserver, identifiers, bot, log } = this.#context;
    if (event.content['membership'] !== 'invite') return;
    const user = asId<UserId>(event.state_key ?? '');
    const invited = { as: { user, device: identifiers.device(user) }, room: event.room_id };
    if (user === bot.user && this.#commands.knows(event.sender)) {
      await homeserver.join(invited);
      return;
    }
    log.info({ room: event.room_id, event: event.event_id }, 'an invitation was declined');
    await homeserver.leave(invited);
  }

  /** A room of the bot and one other: everything said there is meant for the bot. */
  async isPrivate(room: RoomId): Promise<boolean> {
    const { homeserver, bot } = this.#context;
    return (await homeserver.members({ as: bot, room })).length <= 2;
  }

  /** Answers a command. A repeated answer to the same event is one event. */
  async command(event: RoomEvent, line: string): Promise<void> {
    const { homeserver, bot } = this.#context;
    const answer = await this.#commands.answer(event.sender, line, { room: event.room_id, event: event.event_id });
    if (answer === '') return;
    await homeserver.sendEvent({
      as: bot,
      room: event.room_id,
      ...renderNotice(answer, { replyTo: event.event_id }),
      transactionId: transactionIdOf({ account: botItself, remote: event.event_id, part: 0, sender: bot.user }),
    });
  }
}
