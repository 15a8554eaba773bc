/** What people choose for themselves: from which account they begin chats, which chats may disturb them, where they are told. */
import { ChanceryError } from '../base/errors.ts';
import type { Homeserver } from '../matrix/homeserver.ts';
import type { RoomId, UserId } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';
import { portalIn } from './portal-in.ts';

export class PersonalChoices {
  readonly #context: BridgeContext;
  /** Reached with the token of the second registration; undefined when there is none. */
  readonly #puppets: Homeserver | undefined;

  constructor(context: BridgeContext, puppets: Homeserver | undefined) {
    this.#context = context;
    this.#puppets = puppets;
  }

  /** From now on this admin is told unasked what must be known in this room. Throws `CH-COMMAND-INVALID`. */
  async managementRoom(admin: UserId, room: RoomId): Promise<void> {
    const { store } = this.#context;
    if ((await store.read.portals.byRoom(room)) !== undefined)
      throw invalid('This room is a chat, and its contact would be among the readers. Choose another room.');
    await store.write((unit) => unit.choices.put(admin, 'management-room', room));
  }

  /** From now on `start-chat` of this person begins from this account where none is named. Its id. */
  async account(user: UserId, written: string): Promise<string> {
    const ids = this.#context.sessions.all().map(({ session }) => session.account.id);
    const fitting = ids.filter((id) => written !== '' && id.endsWith(written));
    const [id] = fitting;
    if (id === undefined || fitting.length > 1)
      throw invalid(`Name one account: ${ids.join(', ') || 'there is none'}.`);
    await this.#context.store.write((unit) => unit.choices.put(user, 'account', id));
    return id;
  }

  /** Whether this person's clients make a sound of what is said in this chat. Throws `CH-COMMAND-INVALID`. */
  async mute(user: UserId, room: RoomId, isMuted: boolean): Promise<void> {
    const { identifiers } = this.#context;
    await portalIn(this.#context, room);
    if (this.#puppets === undefined || !identifiers.isLocal(user))
      throw invalid('I cannot change your settings here. In Element: the room, Settings, Notifications, Off.');
    await this.#puppets.setMuted(user, room, isMuted);
  }
}

const invalid = (detail: string): ChanceryError => new ChanceryError('CH-COMMAND-INVALID', { detail });
