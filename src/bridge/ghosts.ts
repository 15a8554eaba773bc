/** Makes the ghost of a contact ready to speak in a room: registered, with a device, named, joined. */
import type { Acting } from '../matrix/acting.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { RoomId } from '../model/ids.ts';
import type { ContactSketch } from '../model/remote-event.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { RecentSet } from './recent-set.ts';

const rememberedJoins = 20_000;

export class Ghosts {
  readonly #context: BridgeContext;
  readonly #joined = new RecentSet(rememberedJoins);

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** The ghost of this contact, able to send in the portal's room. Safe to repeat after a crash at any step. */
  async ready(portal: Portal, room: RoomId, contact: ContactSketch): Promise<Acting> {
    const ghost = await this.#ensure(portal, contact);
    await this.#ensureJoined(room, ghost);
    return ghost;
  }

  /** The ghost of this contact is no longer in the room. */
  async gone({ accountId }: Portal, room: RoomId, contact: ContactSketch): Promise<void> {
    const { store, homeserver, identifiers, sessions } = this.#context;
    const { network } = sessions.get(accountId).session.account;
    const known = await store.read.ghosts.get(network, contact.id);
    if (known === undefined) return;
    const ghost = { user: known.userId, device: identifiers.device(known.userId) };
    try {
      await homeserver.leave({ as: ghost, room });
    } catch (thrown) {
      // They were never in it.
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
    }
    this.#joined.deleteAll(joinKey(room, ghost));
  }

  /** Who is in the room is to be made sure of again: the homeserver let somebody not speak there. */
  forgetJoins(room: RoomId): void {
    this.#joined.deleteAll(`${room} `);
  }

  async #ensure({ accountId }: Portal, contact: ContactSketch): Promise<Acting> {
    const { store, homeserver, identifiers, sessions } = this.#context;
    const { session, networkName } = sessions.get(accountId);
    const network = session.account.network;
    const user = identifiers.ghost(network, contact.id);
    const ghost = { user, device: identifiers.device(user) };
    const known = await store.read.ghosts.get(network, contact.id);
    if (known === undefined) {
      await homeserver.registerUser(ghost.user);
      await homeserver.ensureDevice(ghost.user, ghost.device);
    }
    const spoken = contact.displayName ?? (known === undefined ? 'Somebody' : undefined);
    const displayName = spoken === undefined ? undefined : `${spoken} (${networkName})`;
    if (displayName !== undefined && known?.displayName !== displayName) {
      await homeserver.setDisplayName(ghost, displayName);
      await store.write((unit) => unit.ghosts.put({ network, contactId: contact.id, userId: user, displayName }));
    }
    return ghost;
  }

  async #ensureJoined(room: RoomId, ghost: Acting): Promise<void> {
    if (this.#joined.has(joinKey(room, ghost))) return;
    const { homeserver, bot } = this.#context;
    try {
      await homeserver.join({ as: ghost, room });
    } catch (thrown) {
      if (!(thrown instanceof HomeserverError) || thrown.kind !== 'permanent') throw thrown;
      await homeserver.invite({ as: bot, room }, ghost.user);
      await homeserver.join({ as: ghost, room });
    }
    this.#joined.add(joinKey(room, ghost));
  }
}

const joinKey = (room: RoomId, { user }: Acting): string => `${room} ${user}`;
