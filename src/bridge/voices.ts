/**
 * Through whom something is said in a room: the ghost of a contact; for what the account itself said elsewhere the
 * official's own user where one is named, else a ghost that stands for the account.
 */
import { type Acting } from '../matrix/acting.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import { asPuppets, type Puppet } from '../matrix/puppet.ts';
import type { SendEvent } from '../matrix/room-requests.ts';
import { asId, type ContactId, type EventId, type RoomId, type UserId } from '../model/ids.ts';
import type { MessageEvent, ReactionEvent, ReactionRemovedEvent } from '../model/remote-event.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { Ghosts } from './ghosts.ts';
import type { Puppets } from './puppets.ts';
import { RecentSet } from './recent-set.ts';

export interface Voice {
  readonly user: UserId;
  /** One of our own users, who brings files and takes back what was said. */
  readonly as: Acting;
  send(event: Omit<SendEvent, 'as'>): Promise<EventId>;
}

type Said = Pick<MessageEvent | ReactionEvent | ReactionRemovedEvent, 'from' | 'own'>;

const rememberedJoins = 5_000;
const soonMs = 250;

export class Voices {
  readonly #context: BridgeContext;
  readonly #ghosts: Ghosts;
  readonly #puppets: Puppets;
  readonly #joined = new RecentSet(rememberedJoins);

  constructor(context: BridgeContext, ghosts: Ghosts, puppets: Puppets) {
    this.#context = context;
    this.#ghosts = ghosts;
    this.#puppets = puppets;
  }

  /** Able to speak in the portal's room. Safe to repeat after a crash at any step. */
  async ready(portal: Portal, room: RoomId, { from, own }: Said): Promise<Voice> {
    if (own === undefined) return this.#ghost(portal, room, from);
    return (await this.#puppet(portal, room)) ?? this.#ofAccount(portal, room);
  }

  async #ghost(portal: Portal, room: RoomId, contact: MessageEvent['from']): Promise<Voice> {
    const ghost = await this.#ghosts.ready(portal, room, contact);
    const { homeserver } = this.#context;
    return { user: ghost.user, as: ghost, send: (event) => homeserver.sendEvent({ as: ghost, ...event }) };
  }

  #ofAccount(portal: Portal, room: RoomId): Promise<Voice> {
    const { displayName } = this.#context.sessions.get(portal.accountId).session.account;
    return this.#ghost(portal, room, { id: asId<ContactId>(`account ${portal.accountId}`), displayName });
  }

  async #puppet(portal: Portal, room: RoomId): Promise<Voice | undefined> {
    try {
      const puppet = await this.#puppets.of(portal.accountId);
      if (puppet === undefined) return undefined;
      const hasJustJoined = await this.#ensureJoined(room, puppet);
      const send: Voice['send'] = async ({ content, ...event }) => {
        try {
          return await puppet.send({ ...event, content: asPuppets(content) });
        } catch (thrown) {
          if (!isRefusal(thrown)) throw thrown;
          // Whoever has left the room is brought back first.
          if (hasJustJoined) this.#puppets.setAside(portal.accountId, thrown);
          else this.#joined.deleteAll(joinKey(room, puppet));
          throw new TryAgain('an official cannot be spoken as', soonMs);
        }
      };
      return { user: puppet.user, as: this.#context.bot, send };
    } catch (thrown) {
      // What may pass is waited for; what will not must not keep a message from the room.
      if (!isRefusal(thrown)) throw thrown;
      this.#puppets.setAside(portal.accountId, thrown);
      return undefined;
    }
  }

  /** False when the official was known to be in the room. */
  async #ensureJoined(room: RoomId, puppet: Puppet): Promise<boolean> {
    const key = joinKey(room, puppet);
    if (this.#joined.has(key)) return false;
    const { homeserver, bot } = this.#context;
    await homeserver.invite({ as: bot, room }, puppet.user);
    await puppet.join(room);
    this.#joined.add(key);
    return true;
  }
}

const joinKey = (room: RoomId, { user }: Puppet): string => `${room} ${user}`;

const isRefusal = (thrown: unknown): thrown is HomeserverError =>
  thrown instanceof HomeserverError && thrown.kind === 'permanent';
