/** Where the webhooks of an account go and what they are signed with; one address for all, or one per account. */
import type { AccountConfig, SimulatorConfig } from './options.ts';

export class WebhookAddresses {
  readonly #ofAccount = new Map<string, string>();
  readonly #appSecret: string;
  #ofAll: string | undefined;

  constructor(config: SimulatorConfig) {
    this.#appSecret = config.appSecret;
    this.#ofAll = config.webhookUrl;
    for (const { phoneNumberId, webhookUrl } of config.accounts)
      if (webhookUrl !== undefined) this.#ofAccount.set(phoneNumberId, webhookUrl);
  }

  /** Undefined: nobody listens yet. */
  of(account: AccountConfig): string | undefined {
    return this.#ofAccount.get(account.phoneNumberId) ?? this.#ofAll;
  }

  /** Accounts with the same address and secret may share a webhook body. */
  groupOf(account: AccountConfig): string {
    return `${this.of(account) ?? ''} ${account.appSecret ?? ''}`;
  }

  secretOf(account: AccountConfig): string {
    return account.appSecret ?? this.#appSecret;
  }

  /** Null takes the address away; without an account it is that of all others. */
  set(url: string | null, account: AccountConfig | undefined): void {
    if (account === undefined) this.#ofAll = url ?? undefined;
    else if (url === null) this.#ofAccount.delete(account.phoneNumberId);
    else this.#ofAccount.set(account.phoneNumberId, url);
  }
}
