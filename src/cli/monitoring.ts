/**
 * Where those look who watch the bridge: `/live`, `/ready` and `/metrics`, on a listener of their own. Nothing here is
 * secret, names anybody or changes anything. However often it is asked, it takes a small part of the time.
 */
import { messageOf } from '../base/errors.ts';
import { HttpListener, type HttpReply, type Route } from '../base/http-listener.ts';
import type { Log } from '../base/logging.ts';
import type { Metrics } from '../base/metrics.ts';

export interface MonitoringOptions {
  readonly metrics: Metrics;
  readonly log: Log;
  /** What the bridge lacks to do its work, in words. */
  readonly missing: () => readonly string[];
  /** Rejects when the database cannot be read. */
  readonly readDatabase: () => Promise<void>;
  /** Brings the gauges up to now. */
  readonly measure: () => Promise<void>;
}

/** A page of metrics is made at most once in a second, and takes at most a fiftieth of the time. */
const leastAgeMs = 1_000;
const restPerWork = 49;

export class Monitoring {
  readonly #options: MonitoringOptions;
  readonly #listener: HttpListener;
  #page: { readonly text: string; readonly freshUntil: number } | undefined;
  #making: Promise<string> | undefined;

  constructor(options: MonitoringOptions) {
    this.#options = options;
    this.#listener = new HttpListener(this.#routes(), options.log);
  }

  /** Resolves to the port. Throws `CH-LISTEN-FAILED`. */
  start(address: { readonly host: string; readonly port: number }): Promise<number> {
    return this.#listener.start(address);
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
  }

  #routes(): Route[] {
    const route = (path: string, handle: () => Promise<HttpReply>): Route => ({
      method: 'GET',
      path,
      maxBodyBytes: 0,
      handle,
    });
    return [
      route('/live', () => this.#live()),
      route('/ready', async () => this.#ready()),
      route('/metrics', () => this.#metrics()),
    ];
  }

  async #live(): Promise<HttpReply> {
    try {
      await this.#options.readDatabase();
      return { status: 200, body: { live: true } };
    } catch (thrown) {
      this.#options.log.error({ err: thrown }, 'the database cannot be read');
      return { status: 503, body: { live: false, missing: [`the database cannot be read: ${messageOf(thrown)}`] } };
    }
  }

  #ready(): HttpReply {
    const missing = this.#options.missing();
    return { status: missing.length === 0 ? 200 : 503, body: { ready: missing.length === 0, missing } };
  }

  async #metrics(): Promise<HttpReply> {
    const headers = { 'Content-Type': this.#options.metrics.registry.contentType };
    if (this.#page !== undefined && performance.now() < this.#page.freshUntil)
      return { status: 200, headers, body: this.#page.text };
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return { status: 200, headers, body: await this.#making };
  }

  async #make(): Promise<string> {
    const { metrics, measure, missing } = this.#options;
    const began = performance.now();
    await measure();
    metrics.ready.set(Number(missing().length === 0));
    const text = await metrics.registry.metrics();
    const ended = performance.now();
    this.#page = { text, freshUntil: ended + Math.max(leastAgeMs, restPerWork * (ended - began)) };
    return text;
  }
}
