/** The connected accounts, by their id. */
import { ChanceryError } from '../base/errors.ts';
import type { AccountId, NetworkId } from '../model/ids.ts';
import type { Session } from '../networks/contract.ts';

export interface Connected {
  readonly session: Session;
  /** The network's name for people, such as "WhatsApp". */
  readonly networkName: string;
}

export class Sessions {
  readonly #byAccount = new Map<AccountId, Connected>();

  set(account: AccountId, connected: Connected): void {
    this.#byAccount.set(account, connected);
  }

  /** Throws `CH-ACCOUNT-UNKNOWN`: the account's messages wait until it is connected again. */
  get(account: AccountId): Connected {
    const connected = this.#byAccount.get(account);
    if (connected === undefined) throw new ChanceryError('CH-ACCOUNT-UNKNOWN', { place: account });
    return connected;
  }

  delete(account: AccountId): boolean {
    return this.#byAccount.delete(account);
  }

  networkOf(account: AccountId): NetworkId | undefined {
    return this.#byAccount.get(account)?.session.account.network;
  }

  all(): readonly Connected[] {
    return [...this.#byAccount.values()];
  }
}
