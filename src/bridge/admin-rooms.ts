/**
 * Where admins are told something unasked: for each one the room that they chose, else one with the bot, made when it is
 * first needed.
 */
import { transactionIdOf } from '../matrix/identifiers.ts';
import { privateRoom } from '../matrix/private-room.ts';
import { renderNotice } from '../matrix/render.ts';
import { asId, type AccountId, type RoomId, type UserId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';

const botItself = asId<AccountId>('bot');

export class AdminRooms {
  readonly #context: BridgeContext;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** Each admin once for each `subject`. Admins that are named as whole servers are not told. Throws `HomeserverError`. */
  async tellAll(words: string, subject: string): Promise<void> {
    const { homeserver, policy, bot } = this.#context;
    const told = new Set<RoomId>();
    for (const admin of policy.admins.filter((name) => name.startsWith('@'))) {
      const room = await this.#roomOf(asId<UserId>(admin));
      if (told.has(room)) continue;
      told.add(room);
      await homeserver.sendEvent({
        as: bot,
        room,
        ...renderNotice(words),
        transactionId: transactionIdOf({ account: botItself, remote: subject, part: admin, sender: bot.user }),
      });
    }
  }

  /** Made once by its alias; whoever left it is invited again. */
  async #roomOf(admin: UserId): Promise<RoomId> {
    const { homeserver, identifiers, bot, store } = this.#context;
    const chosen = await store.read.choices.of(admin, 'management-room');
    const room = chosen === undefined ? undefined : asId<RoomId>(chosen);
    if (room !== undefined && (await homeserver.isJoined({ as: bot, room }))) return room;
    const recipe = privateRoom(
      identifiers.adminAlias(admin),
      'Chancery',
      'What the bridge has to tell its administrators',
    );
    const { room: own, existed } = await homeserver.createRoom(bot, recipe);
    if (existed) await homeserver.completeRoom({ as: bot, room: own }, recipe);
    await homeserver.invite({ as: bot, room: own }, admin);
    return own;
  }
}
