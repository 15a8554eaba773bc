/**
 * Keeps the homeserver talking to us: asks it at start, and again whenever it was away or may have been, to deliver at
 * once instead of after its own long pause; then has the rooms compared with the journal.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import type { BridgeContext } from './context.ts';
import type { CatchUp } from './catch-up.ts';

const whileWell = 30_000;
/** Between a suspicion and the question: a homeserver that is going down takes several connections with it. */
const beforeAsking = 250;
/** After what we could not take: what kept us from it, such as a full disk, rarely passes sooner. */
const afterDeclining = 1_000;
const whileAway = { baseMs: 250, ceilingMs: 5_000 };

export class HomeserverLink {
  readonly #context: BridgeContext;
  readonly #catchUp: CatchUp;
  readonly #registrationId: string;
  /** What waits for the homeserver is due when it is back. */
  readonly #onReturn: () => Promise<void>;
  readonly #stopped = new AbortController();
  #state: 'connecting' | 'connected' | 'asking' | 'away' = 'connecting';
  #loop: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #askAfterMs = beforeAsking;

  constructor(options: {
    context: BridgeContext;
    catchUp: CatchUp;
    registrationId: string;
    onReturn: () => Promise<void>;
  }) {
    this.#context = options.context;
    this.#catchUp = options.catchUp;
    this.#registrationId = options.registrationId;
    this.#onReturn = options.onReturn;
  }

  get state(): string {
    return this.#state;
  }

  /** A sign that the homeserver has not pushed everything: it is asked to, and the rooms are compared. */
  suspect(): void {
    this.#catchUp.suspect();
    this.#askAfter(beforeAsking);
  }

  /** We could not take what it pushed: it pauses longer each time, unless it is asked to go on. */
  declined(): void {
    this.#askAfter(afterDeclining);
  }

  start(): void {
    this.#loop ??= this.#watch();
  }

  /** A question that a hanging homeserver does not answer is waited for no longer than `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped.abort();
    const over = new AbortController();
    const patience = delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.#loop, patience]);
    over.abort();
  }

  #askAfter(ms: number): void {
    if (this.#state !== 'connected') return;
    this.#state = 'asking';
    this.#askAfterMs = ms;
    this.#wake();
  }

  async #watch(): Promise<void> {
    let failures = 0;
    while (!this.#stopped.signal.aborted) {
      const back = await this.#ping();
      failures = back ? 0 : failures + 1;
      if (back && this.#catchUp.dueInMs === 0) await this.#compareRooms();
      await this.#pause(back ? this.#whileWell() : backoffMs(failures, whileAway));
      if (back && this.#state !== 'connected') await this.#pause(this.#askAfterMs);
    }
  }

  async #compareRooms(): Promise<void> {
    try {
      await this.#catchUp.run(this.#stopped.signal);
    } catch (thrown) {
      this.#catchUp.suspect();
      this.#context.log.error({ err: thrown }, 'the rooms could not be compared with the journal');
    }
  }

  async #ping(): Promise<boolean> {
    const { homeserver, log } = this.#context;
    const before = this.#state;
    try {
      await homeserver.ping(this.#registrationId);
      this.#state = 'connected';
      if (before === 'connected') return true;
      log.info('the homeserver is connected');
      await this.#onReturn();
      return true;
    } catch (thrown) {
      this.#state = 'away';
      if (before !== 'away')
        log.warn(
          { err: thrown },
          'the homeserver does not answer, or does not reach the bridge: see homeserver.url and appservice.url',
        );
      return false;
    }
  }

  /** What was suspected while the question was under way is asked about at once. */
  #whileWell(): number {
    return this.#state === 'connected' ? Math.min(whileWell, this.#catchUp.dueInMs ?? whileWell) : 0;
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    // Its event has been: nobody would end this pause.
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}
