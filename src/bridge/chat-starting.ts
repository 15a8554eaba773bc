/** Chats that an official begins: the room is made, or found, before the contact has said anything. */
import { ChanceryError } from '../base/errors.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { RoomId, UserId } from '../model/ids.ts';
import type { ContactSketch } from '../model/remote-event.ts';
import type { AdapterState, Resolved, Session } from '../networks/contract.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import type { Ghosts } from './ghosts.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { sessionFor } from './session-choice.ts';
import { stateIn } from './sink.ts';
import type { Place } from './template-sending.ts';

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
    const { homeserver, bot } = this.#context;
    const session = await sessionFor(this.#context, asker, account);
    const { portal, contact } = await this.#portalWith(session, text);
    const room = await this.#rooms.ensure(portal);
    await this.#ghosts.ready(portal, room, contact);
    await homeserver.invite({ as: bot, room }, asker);
    return this.#chat(session, portal, room);
  }

  /**
   * Makes a room that people made the room of this chat. What was said in it before
   * stays among those who are in it. Throws as `start`; also where the room is unfit, or the chat has one already.
   */
  async adopt(asker: UserId, { room, event }: Place, text: string, account: string | undefined): Promise<StartedChat> {
    const { store, identifiers } = this.#context;
    const session = await sessionFor(this.#context, asker, account);
    await this.#mustBeFit(room);
    const { portal, contact } = await this.#portalWith(session, text);
    await this.#enter(portal, room, contact);
    const recorded = await store.write((unit) => this.#rooms.record(unit, portal, room, event));
    if (recorded === room) return this.#chat(session, portal, room);
    throw invalid(
      `This chat has a room already: ${identifiers.linkTo(recorded)}. Write \`!chancery unbridge\` there first, then ask again.`,
    );
  }

  async #mustBeFit(room: RoomId): Promise<void> {
    const { store, homeserver, bot } = this.#context;
    if ((await store.read.portals.byRoom(room)) !== undefined) throw invalid('This room is a chat already.');
    const rules = await homeserver.getState({ as: bot, room }, 'm.room.join_rules', '');
    if (rules?.['join_rule'] !== 'invite')
      throw invalid('A chat may be read by those only who are invited. Set this room to “by invitation only” first.');
    if ((await homeserver.getState({ as: bot, room }, 'm.room.encryption', '')) !== undefined)
      throw invalid('An encrypted room cannot become a chat yet. Take one without encryption.');
  }

  async #enter(portal: Portal, room: RoomId, contact: ContactSketch): Promise<void> {
    if (portal.roomId !== null) return;
    try {
      await this.#rooms.mark(portal, room, true);
      await this.#ghosts.ready(portal, room, contact);
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || thrown.errcode !== 'M_FORBIDDEN') throw thrown;
      throw invalid(
        'I may not invite people or mark this room. Give me the power of a moderator (50) here, and ask again.',
      );
    }
  }

  async #portalWith(session: Session, text: string): Promise<{ portal: Portal; contact: ContactSketch }> {
    const { store, clock } = this.#context;
    const { id } = session.account;
    return store.write(async (unit) => {
      const { chat, contact } = resolved(await resolveWith(session, text, stateIn(unit, id)));
      return { portal: await unit.portals.ensure(id, chat, contact.displayName ?? chat, clock.now()), contact };
    });
  }

  /** Undefined where there is no room yet. Changes nothing; throws as `start`. */
  async find(asker: UserId, text: string, account: string | undefined): Promise<StartedChat | undefined> {
    const { accounts, portals } = this.#context.store.read;
    const session = await sessionFor(this.#context, asker, account);
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
