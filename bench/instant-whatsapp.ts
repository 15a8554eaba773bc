/** A WhatsApp that takes every message at once and keeps nothing, so that what is measured is the bridge. */
import { messageIdentifier } from '../tests/peers/whatsapp-cloud/identifiers.ts';
import { type Asked, InstantServer } from './instant-server.ts';

interface SentText {
  readonly to?: string;
  readonly text?: { readonly body: string };
}

export class InstantWhatsApp {
  readonly #graph = new InstantServer((asked) => this.#answer(asked));
  readonly #onSent: (phone: string, text: string) => void;

  /** `onSent` hears of every text that is sent to a citizen. */
  constructor(onSent: (phone: string, text: string) => void) {
    this.#onSent = onSent;
  }

  /** Resolves to what the bridge takes for the Graph API. */
  start(): Promise<string> {
    return this.#graph.start();
  }

  async stop(): Promise<void> {
    await this.#graph.stop();
  }

  #answer({ method, body }: Asked): readonly [status: number, body: object] {
    if (method === 'GET') return [200, { verified_name: 'City of Musterstadt' }];
    const { to = '', text } = JSON.parse(body.toString()) as SentText;
    if (text === undefined) return [200, { success: true }];
    this.#onSent(to, text.body);
    const messages = [{ id: messageIdentifier(to, 'from-business') }];
    return [200, { messaging_product: 'whatsapp', contacts: [{ input: to, wa_id: to }], messages }];
  }
}
