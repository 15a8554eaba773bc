/**
 * Officials as whom the bridge says what they wrote on their phone: named for an account by an administrator, spoken as
 * by the second registration, or with a token of their own where their homeserver is not ours.
 */
import { ChanceryError } from '../base/errors.ts';
import type { HttpClient } from '../base/http-client.ts';
import { isListed } from '../governance/permissions.ts';
import type { Homeserver } from '../matrix/homeserver.ts';
import type { Puppet } from '../matrix/puppet.ts';
import { registeredPuppet } from '../matrix/registered-puppets.ts';
import { tokenPuppet } from '../matrix/token-puppet.ts';
import type { AccountId, UserId } from '../model/ids.ts';
import type { PuppetRow } from '../store/puppets.ts';
import type { BridgeContext } from './context.ts';

/** How officials are spoken as. */
export interface PuppetWays {
  /** Reached with the token of the second registration; undefined when there is none. */
  readonly registered: Homeserver | undefined;
  /** Reaches the homeservers whose users may bring a token of their own. */
  readonly http: HttpClient;
}

export class Puppets {
  readonly #context: BridgeContext;
  readonly #ways: PuppetWays;
  readonly #ready = new Map<AccountId, Puppet>();
  /** Whose official the homeserver does not let us speak as, until the next login. */
  readonly #setAside = new Set<AccountId>();

  constructor(context: BridgeContext, ways: PuppetWays) {
    this.#context = context;
    this.#ways = ways;
  }

  /** Throws `HomeserverError`, of kind `permanent` when the token is not valid any more. */
  async of(account: AccountId): Promise<Puppet | undefined> {
    const known = this.#ready.get(account);
    if (known !== undefined || this.#setAside.has(account)) return known;
    const row = await this.#context.store.read.puppets.get(account);
    const puppet = row && (await this.#made(row));
    if (puppet !== undefined) this.#ready.set(account, puppet);
    return puppet;
  }

  /**
   * From now on this official stands for the account. Throws `CH-ACCOUNT-UNKNOWN`, `CH-LOGIN-INVALID`, and
   * `HomeserverError` when the homeserver refuses; nothing is changed then.
   */
  async login(row: PuppetRow): Promise<void> {
    const { sessions, policy, identifiers, store, clock, log } = this.#context;
    sessions.get(row.accountId);
    const refused = (detail: string): ChanceryError =>
      new ChanceryError('CH-LOGIN-INVALID', { place: row.userId, detail });
    if (identifiers.isOurs(row.userId)) throw refused('This user is one of the bridge itself.');
    if (!isListed(policy.officials, row.userId))
      throw refused('This user is not among those who may write to contacts (rooms.officials).');
    if (row.own === undefined && !identifiers.isLocal(row.userId))
      throw refused('This user lives on another homeserver: give its URL and a token with --homeserver.');
    if (row.own === undefined && this.#ways.registered === undefined)
      throw refused(
        'There is no second registration (double_puppets.registration_file): write one with `chancery registration`, or give a token with --homeserver.',
      );
    if (row.own !== undefined && !this.#ways.http.reaches(row.own.url))
      throw refused(`Its homeserver ${row.own.url} is not named in the configuration (double_puppets.homeservers).`);
    const puppet = await this.#made(row);
    await store.write((unit) => unit.puppets.put(row, clock.now()));
    if (puppet !== undefined) this.#ready.set(row.accountId, puppet);
    this.#setAside.delete(row.accountId);
    log.info({ account: row.accountId, user: row.userId }, 'an official stands for an account');
  }

  /** From now on the account speaks for itself: the homeserver refused for good. */
  setAside(account: AccountId, reason: unknown): void {
    this.#ready.delete(account);
    this.#setAside.add(account);
    this.#context.log.warn({ account, err: reason }, 'an official cannot be spoken as: log in again with login-matrix');
  }

  /** False when nobody stood for the account. */
  async logout(account: AccountId): Promise<boolean> {
    const was = await this.#context.store.write((unit) => unit.puppets.remove(account));
    this.#ready.delete(account);
    this.#setAside.delete(account);
    return was;
  }

  /** Undefined where the second registration is gone that it was made by. */
  async #made({ userId, own }: PuppetRow): Promise<Puppet | undefined> {
    if (own !== undefined) return tokenPuppet({ user: userId, ...own }, this.#ways.http);
    const { registered } = this.#ways;
    return registered && registeredPuppet(registered, userId, this.#deviceOf(userId));
  }

  #deviceOf(user: UserId): string {
    return this.#context.identifiers.device(user);
  }
}
