/** A connected account whose network does what a test tells it to, and remembers what it was asked. */
import { Readable } from 'node:stream';
import type { Account, SendResult, Session } from '../../../src/networks/contract.ts';
import { asId, type AccountId, type ChatId, type NetworkId, type RemoteMessageId } from '../../../src/model/ids.ts';
import type { Capabilities } from '../../../src/model/capabilities.ts';

const capabilities: Capabilities = {
  text: 'full',
  maxTextLength: 1_000,
  maxCaptionLength: 100,
  media: {},
  location: 'full',
  poll: 'rejected',
  template: 'rejected',
  reply: 'full',
  reaction: 'full',
  reactionsPerMessage: 1,
  edit: 'rejected',
  deletion: 'rejected',
  readReceipt: 'full',
  typing: 'full',
};

export const account: Account = {
  id: asId<AccountId>('parrot-1'),
  network: asId<NetworkId>('parrot'),
  displayName: 'City of Musterstadt',
  credentials: {},
};
export const networkName = 'Parrot';

export class FakeSession implements Session {
  readonly account = account;
  readonly capabilities = capabilities;
  readonly evidenceMs = 4_000;
  /** Such as `read m1` and `typing m1`, in the order in which they came. */
  readonly courtesies: string[] = [];
  /** What becomes of a courtesy before it is done. */
  onCourtesy: () => Promise<void> = async () => undefined;

  async refusal(): Promise<string | undefined> {
    return undefined;
  }

  async send(): Promise<SendResult> {
    return { outcome: 'sent', message: asId<RemoteMessageId>('sent by the network') };
  }

  async react(): Promise<SendResult> {
    return this.send();
  }

  async markRead(_chat: ChatId, message: RemoteMessageId): Promise<void> {
    this.courtesies.push(`read ${message}`);
    await this.onCourtesy();
  }

  async typing(_chat: ChatId, message: RemoteMessageId): Promise<void> {
    this.courtesies.push(`typing ${message}`);
    await this.onCourtesy();
  }

  async fetchMedia(): Promise<Readable> {
    return Readable.from([]);
  }
}
