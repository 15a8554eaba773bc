/** What the tests of the simulator's groups share: one simulator, one receiver of its webhooks, and groups made in a line. */
import { SimulatedWhatsApp } from './simulated-whatsapp.ts';
import { account, graph, testOptions } from './test-account.ts';
import { type ReceivedWebhook, WebhookReceiver } from './webhook-receiver.ts';

export const product = { messaging_product: 'whatsapp' };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** An element of `groups[]`, and the field that brought it. */
type Told = Readonly<Record<string, unknown>>;

interface Change {
  readonly field: string;
  readonly value: { readonly groups?: readonly Told[] };
}

export class GroupBench {
  readonly whatsapp = new SimulatedWhatsApp(testOptions);
  #receiver = new WebhookReceiver('unused');

  async start(): Promise<void> {
    await this.whatsapp.start();
  }

  async stop(): Promise<void> {
    await this.whatsapp.stop();
  }

  async reset(): Promise<void> {
    await this.whatsapp.reset();
    this.#receiver = new WebhookReceiver('unused');
    await this.whatsapp.setWebhookUrl(await this.#receiver.start());
  }

  async endTest(): Promise<void> {
    await this.#receiver.stop();
  }

  get url(): string {
    return this.whatsapp.url;
  }

  get received(): readonly ReceivedWebhook[] {
    return this.#receiver.received;
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    return await graph(this.url, path, body, account.accessToken, method);
  }

  /** Makes a group and resolves to its id when it is there. */
  async make(facts: object = {}): Promise<string> {
    const before = (await this.whatsapp.groups()).length;
    const request = { ...product, subject: 'Neighbours', ...facts };
    const { status, body } = await this.call('POST', `${account.phoneNumberId}/groups`, request);
    if (status !== 200) throw new Error(JSON.stringify(body));
    await this.whatsapp.idle();
    const made = (await this.whatsapp.groups())[before];
    if (made === undefined) throw new Error('The group was not made');
    return made.id;
  }

  /** Every change of a group that a webhook told so far. */
  async told(): Promise<readonly Told[]> {
    return (await this.#changes()).flatMap(({ field, value }) =>
      (value.groups ?? []).map((group) => ({ field, ...group })),
    );
  }

  /** The values of the field `messages` so far. */
  async values(): Promise<readonly object[]> {
    return (await this.#changes()).filter(({ field }) => field === 'messages').map(({ value }) => value);
  }

  async #changes(): Promise<readonly Change[]> {
    if (!(await this.whatsapp.idle())) throw new Error('Webhooks are still on their way');
    return this.received.flatMap(({ body }) =>
      (body as { entry: { changes: Change[] }[] }).entry.flatMap(({ changes }) => changes),
    );
  }
}
