/**
 * Whether networks accept their accounts. A change is kept, and every admin is told of it once, unasked; what waited for
 * an account is tried at once when it is well again.
 */
import type { AccountId, LaneKey } from '../model/ids.ts';
import type { AccountNews } from '../networks/contract.ts';
import type { AccountStanding } from '../store/accounts.ts';
import type { AdminRooms } from './admin-rooms.ts';
import type { BridgeContext } from './context.ts';

export class AccountStates {
  readonly #context: BridgeContext;
  readonly #rooms: AdminRooms;
  readonly #wake: (lane: LaneKey) => void;
  #telling: Promise<void> = Promise.resolve();

  constructor(context: BridgeContext, rooms: AdminRooms, wake: (lane: LaneKey) => void) {
    this.#context = context;
    this.#rooms = rooms;
    this.#wake = wake;
  }

  /** A network has accepted something of an account, or refused the account as such. */
  async changed(account: AccountId, news: AccountNews): Promise<void> {
    const { store, clock, log } = this.#context;
    try {
      const isNew = await store.write((unit) => unit.accounts.standing(account, news, clock.now()));
      if (!isNew) return;
      log.warn({ account, state: news.state }, 'the state of an account has changed');
      if (news.state === 'accepted') await this.#wakeLanes(account);
      await this.tell();
    } catch (thrown) {
      log.error({ account, err: thrown }, 'the state of an account could not be kept');
    }
  }

  /** The account was logged in anew: what waits is tried with the new credentials. */
  async loggedIn(account: AccountId): Promise<void> {
    await this.changed(account, { state: 'accepted' });
    await this.#wakeLanes(account);
  }

  /** Tells what was not told yet. What the homeserver keeps from being told comes when it is back. */
  tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tellAll());
    return this.#telling;
  }

  async #tellAll(): Promise<void> {
    const { store, log } = this.#context;
    try {
      for (const standing of await store.read.accounts.untold()) {
        await this.#rooms.tellAll(wordsOf(standing), `account ${standing.id} ${standing.state} ${standing.since}`);
        await store.write((unit) => unit.accounts.told(standing));
      }
    } catch (thrown) {
      log.warn({ err: thrown }, 'the admins could not be told of an account yet');
    }
  }

  async #wakeLanes(account: AccountId): Promise<void> {
    const lanes = await this.#context.store.write((unit) => unit.journal.releaseOf(account));
    for (const lane of lanes) this.#wake(lane);
  }
}

function wordsOf({ id, displayName, state, reason }: AccountStanding): string {
  if (state === 'accepted') return `${displayName} (${id}) is accepted again; what waited is sent.`;
  return `${displayName} (${id}) is not accepted by its network: ${reason ?? 'it gave no reason'} Messages wait and nothing is lost; \`accounts\` shows how it is.`;
}
