/** Sends webhooks until they are taken with 200: in order per citizen, with growing delays, and with the faults asked for. */
import { webhookBody } from './batch.ts';
import type { Faults } from './faults.ts';
import type { Log } from './log.ts';
import type { SignatureKind } from './log-entry.ts';
import type { AccountConfig } from './options.ts';
import { Patience } from './patience.ts';
import type { Settings } from './settings.ts';
import type { WebhookAddresses } from './webhook-addresses.ts';
import { asciiJson } from './webhook-body.ts';
import { type PostResult, WebhookPost } from './webhook-post.ts';
import type { WebhookEvent } from './webhook-shapes.ts';

interface Delivery {
  readonly number: number;
  readonly account: AccountConfig;
  readonly body: Buffer;
  readonly about: readonly string[];
}

interface Lane {
  readonly waiting: Delivery[];
  running: boolean;
}

export interface WebhookWorld {
  readonly log: Log;
  readonly faults: Faults;
  readonly settings: Settings;
  readonly addresses: WebhookAddresses;
}

const withoutAddressMs = 3_600_000;

export class Webhooks {
  readonly post = new WebhookPost();
  readonly #world: WebhookWorld;
  readonly #lanes = new Map<string, Lane>();
  readonly #patience = new Patience();
  readonly #reorderPatience = new Patience();
  #batch: WebhookEvent[] = [];
  #batchTimer: NodeJS.Timeout | undefined;
  #lastNumber = 0;
  #unfinished = 0;

  constructor(world: WebhookWorld) {
    this.#world = world;
  }

  /** Bodies that are not taken yet. */
  get pending(): number {
    return this.#unfinished + this.#batch.length;
  }

  announce(event: WebhookEvent): void {
    const { batching } = this.#world.settings;
    if (batching === null) {
      this.#enqueue([event], event.lane);
      return;
    }
    this.#batch.push(event);
    if (this.#batch.length >= batching.max) this.#releaseBatch();
    else this.#batchTimer ??= setTimeout(() => this.#releaseBatch(), batching.windowMs);
  }

  /** Sends these bytes once, as they are, outside every order; tells what was answered. */
  async sendRaw(
    account: AccountConfig,
    body: Buffer,
    signature: SignatureKind,
    about: readonly string[],
  ): Promise<PostResult> {
    const delivery = this.#delivery(account, body, about);
    const url = this.#world.addresses.of(account);
    if (url === undefined) return { httpStatus: null, reason: 'no webhook url is set', ms: 0 };
    return await this.#attempt(delivery, url, { attempt: 1, duplicate: false, signature, retryInMs: null });
  }

  /** Raw bytes that are sent again until they are taken. */
  enqueueRaw(account: AccountConfig, body: Buffer, about: readonly string[]): void {
    this.#push(this.#delivery(account, body, about), `raw/${account.phoneNumberId}`);
  }

  /** Ends every wait for a retry: all that is waiting is sent now. */
  retryNow(): void {
    this.#patience.nudge();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#batchTimer);
    this.#reorderPatience.stop();
    this.#patience.stop();
    await this.post.close();
  }

  #releaseBatch(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    const events = this.#batch;
    this.#batch = [];
    const byAddress = Map.groupBy(events, (event) => this.#world.addresses.groupOf(event.account));
    for (const [address, together] of byAddress) this.#enqueue(together, `batch/${address}`);
  }

  #enqueue(events: readonly WebhookEvent[], lane: string): void {
    const [first] = events;
    if (first === undefined) return;
    const style = events.length === 1 ? 'changes' : (this.#world.settings.batching?.style ?? 'changes');
    const about = events.flatMap((event) => event.about);
    this.#push(this.#delivery(first.account, asciiJson(webhookBody(events, style)), about), lane);
  }

  #delivery(account: AccountConfig, body: Buffer, about: readonly string[]): Delivery {
    this.#lastNumber += 1;
    return { number: this.#lastNumber, account, body, about };
  }

  #push(delivery: Delivery, laneName: string): void {
    this.#unfinished += 1;
    if (this.#world.settings.webhookOrder === 'none') {
      void this.#deliver(delivery);
      return;
    }
    const lane = this.#lanes.get(laneName) ?? { waiting: [], running: false };
    this.#lanes.set(laneName, lane);
    lane.waiting.push(delivery);
    this.#reorderPatience.nudge();
    if (!lane.running) void this.#run(lane, laneName);
  }

  async #run(lane: Lane, name: string): Promise<void> {
    lane.running = true;
    for (let delivery = lane.waiting.shift(); delivery !== undefined; delivery = lane.waiting.shift()) {
      const held = this.#world.faults.fire('webhook-reorder');
      if (held !== undefined) await this.#letOvertake(lane, held.holdMs);
      await this.#deliver(delivery);
    }
    this.#lanes.delete(name);
  }

  async #letOvertake(lane: Lane, holdMs: number): Promise<void> {
    const until = performance.now() + holdMs;
    while (lane.waiting.length === 0 && performance.now() < until && !this.#reorderPatience.stopped)
      await this.#reorderPatience.wait(until - performance.now());
    const next = lane.waiting.shift();
    if (next !== undefined) await this.#deliver(next);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { faults, settings, addresses } = this.#world;
    const delay = faults.fire('webhook-delay');
    if (delay !== undefined) await this.#patience.wait(delay.ms);
    for (let attempt = 1; !this.#patience.stopped; ) {
      const url = addresses.of(delivery.account);
      if (url === undefined) {
        await this.#patience.wait(withoutAddressMs);
        continue;
      }
      const retryInMs = Math.min(settings.retryBaseMs * 2 ** Math.min(attempt - 1, 30), settings.retryMaxMs);
      const signature = this.#signature();
      const result = await this.#attempt(delivery, url, { attempt, duplicate: false, signature, retryInMs });
      if (result.httpStatus === 200) break;
      await this.#patience.wait(retryInMs);
      attempt += 1;
    }
    if (!this.#patience.stopped) await this.#repeat(delivery);
    this.#unfinished -= 1;
  }

  async #repeat(delivery: Delivery): Promise<void> {
    const again = this.#world.faults.fire('webhook-duplicate');
    for (let copy = 1; copy <= (again?.copies ?? 0); copy += 1) {
      const url = this.#world.addresses.of(delivery.account);
      if (url === undefined) return;
      const how = { attempt: copy, duplicate: true, signature: 'right', retryInMs: null } as const;
      await this.#attempt(delivery, url, how);
    }
  }

  #signature(): SignatureKind {
    if (this.#world.faults.fire('webhook-wrong-signature') !== undefined) return 'wrong';
    if (this.#world.faults.fire('webhook-missing-signature') !== undefined) return 'missing';
    return 'right';
  }

  async #attempt(
    { number: delivery, account, body, about }: Delivery,
    url: string,
    how: { attempt: number; duplicate: boolean; signature: SignatureKind; retryInMs: number | null },
  ): Promise<PostResult> {
    const { log, settings, addresses } = this.#world;
    const secret = addresses.secretOf(account);
    const result = await this.post.send(url, body, secret, how.signature, settings.webhookTimeoutMs);
    if (this.#patience.stopped) return result;
    const { attempt, duplicate, signature } = how;
    const facts = { delivery, attempt, duplicate, signature, bytes: body.length, about };
    const { httpStatus, ms, reason } = result;
    if (httpStatus === 200) log.add({ kind: 'webhook-delivered', ...facts, httpStatus, ms });
    else log.add({ kind: 'webhook-failed', ...facts, httpStatus, reason, ms, retryInMs: how.retryInMs });
    return result;
  }
}
