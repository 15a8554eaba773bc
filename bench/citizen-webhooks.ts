/** Citizens' texts, posted to the bridge as WhatsApp posts them, one webhook each; the bodies are the simulator's. */
import { webhookBody } from '../tests/peers/whatsapp-cloud/batch.ts';
import type { ChatMessage } from '../tests/peers/whatsapp-cloud/chats.ts';
import type { Citizen } from '../tests/peers/whatsapp-cloud/citizens.ts';
import { messageIdentifier } from '../tests/peers/whatsapp-cloud/identifiers.ts';
import type { AccountConfig } from '../tests/peers/whatsapp-cloud/options.ts';
import { asciiJson } from '../tests/peers/whatsapp-cloud/webhook-body.ts';
import { WebhookPost } from '../tests/peers/whatsapp-cloud/webhook-post.ts';
import { laneOf, messageValue } from '../tests/peers/whatsapp-cloud/webhook-shapes.ts';

export interface CitizenWebhooksOptions {
  readonly account: AccountConfig;
  readonly appSecret: string;
  readonly url: string;
}

const withinMs = 20_000;
const plain = { replyTo: undefined, forwarded: false, frequentlyForwarded: false };

export class CitizenWebhooks {
  readonly #options: CitizenWebhooksOptions;
  readonly #post = new WebhookPost();

  constructor(options: CitizenWebhooksOptions) {
    this.#options = options;
  }

  /** Resolves to the milliseconds after which the bridge said "received". */
  async write(phone: string, text: string): Promise<number> {
    const { account, appSecret, url } = this.#options;
    const value = messageValue(textOf(account, phone, text), plain, String(Math.floor(Date.now() / 1_000)));
    const event = { account, field: 'messages', value, about: [], lane: laneOf(account, citizenOf(phone)) };
    const body = asciiJson(webhookBody([event], 'changes'));
    const { httpStatus, reason, ms } = await this.#post.send(url, body, appSecret, 'right', withinMs);
    if (httpStatus !== 200) throw new Error(`the bridge did not take a webhook: ${reason}`);
    return ms;
  }

  async close(): Promise<void> {
    await this.#post.close();
  }
}

const citizenOf = (phone: string): Citizen => ({
  key: phone,
  phone,
  userId: undefined,
  name: `Citizen ${phone}`,
  username: undefined,
  undeliverable: false,
});

const textOf = (account: AccountConfig, phone: string, text: string): ChatMessage => ({
  id: messageIdentifier(phone, 'from-citizen'),
  account,
  citizen: citizenOf(phone),
  from: 'citizen',
  type: 'text',
  content: { body: text },
  at: Date.now(),
  replyTo: undefined,
  media: undefined,
  callbackData: undefined,
  visible: true,
  status: 'accepted',
  readByBusiness: false,
  reactions: {},
});
