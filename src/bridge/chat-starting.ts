/** Chats that an official begins: the room is made, or found, before the contact has said anything. */
import { ChanceryError } from '../base/errors.ts';
import type { RoomId, UserId } from '../model/ids.ts';
import type { AdapterState, Resolved, Session } from '../networks/contract.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import type { Ghosts } from './ghosts.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { stateIn } from './sink.ts';

/** `link` leads into the room. `openUntil`: as `Session.openUntil`. */
export interface StartedChat {
  readonly name: string;
  readonly link: string;
  readonly openUntil: number | undefined;
}

export class ChatStarting {
  readonly #context: BridgeContext;
  readonly #rooms: PortalRooms;
  readonly #ghosts: Ghosts;

  constructor(context: BridgeContext, rooms: PortalRooms, ghosts: Ghosts) {
    this.#context = context;
    this.#rooms = rooms;
    this.#ghosts = ghosts;
  }

  /**
   * `account`: the end of its id is enough; needed where there are several. Throws `CH-COMMAND-INVALID` with what to write
   * instead, and `HomeserverError`. Beginning the same chat again leads to the same room.
   */
  async start(asker: UserId, text: string, account: string | undefined): Promise<StartedChat> {
    const { store, clock, homeserver, bot } = this.#context;
    const session = this.#sessionFor(account);
    const { portal, contact } = await store.write(async (unit) => {
      const found = resolved(await resolveWith(session, text, stateIn(unit, session.account.id)));
      const { chat, contact: person } = found;
      const name = person.displayName ?? chat;
      return { portal: await unit.portals.ensure(session.account.id, chat, name, clock.now()), contact: person };
    });
    const room = await this.#rooms.ensure(portal);
    await this.#ghosts.ready(portal, room, contact);
    await homeserver.invite({ as: bot, room }, asker);
    return this.#chat(session, portal, room);
  }

  /** Undefined where there is no room yet. Changes nothing; throws as `start`. */
  async find(text: string, account: string | undefined): Promise<StartedChat | undefined> {
    const { accounts, portals } = this.#context.store.read;
    const session = this.#sessionFor(account);
    const onlyLooking: AdapterState = {
      get: (key) => accounts.stateOf(session.account.id, key),
      put: async () => undefined,
    };
    const { chat } = resolved(await resolveWith(session, text, onlyLooking));
    const portal = await portals.find(session.account.id, chat);
    return portal?.roomId == null ? undefined : this.#chat(session, portal, portal.roomId);
  }

  async #chat(session: Session, portal: Portal, room: RoomId): Promise<StartedChat> {
    const link = this.#context.identifiers.linkTo(room);
    return { name: portal.name, link, openUntil: await session.openUntil?.(portal.chatId) };
  }

  #sessionFor(account: string | undefined): Session {
    const all = this.#context.sessions.all().map(({ session }) => session);
    const fitting = all.filter(({ account: { id } }) => account === undefined || id.endsWith(account));
    const [first] = fitting;
    if (first !== undefined && fitting.length === 1) return first;
    const names = all.map(({ account: { id, displayName } }) => `${id} (${displayName})`).join(', ');
    throw invalid(
      all.length === 0
        ? 'No account is connected.'
        : `Name one account, from which the chat is to be: ${names}. For example \`start-chat +49301234567 ${all[0]?.account.id ?? ''}\`.`,
    );
  }
}

function resolveWith(session: Session, text: string, state: AdapterState): Promise<Resolved> {
  if (session.resolve === undefined) throw invalid('The network of this account cannot look people up.');
  return session.resolve(text, state);
}

function resolved(found: Resolved): Exclude<Resolved, { readonly refusal: string }> {
  if ('refusal' in found) throw invalid(found.refusal);
  return found;
}

const invalid = (detail: string): ChanceryError => new ChanceryError('CH-COMMAND-INVALID', { detail });
