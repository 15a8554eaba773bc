/**
 * The webhook of all connected numbers. The signature is checked over the bytes as they came, before they are parsed;
 * "received" is answered only when everything in the body is durable. Meta repeats a body for days until then.
 */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { equalSecrets } from '../../base/constant-time.ts';
import { ChanceryError } from '../../base/errors.ts';
import type { HttpReply, HttpRequest, Route } from '../../base/http-listener.ts';
import { parseJson } from '../../base/json.ts';
import type { Log } from '../../base/logging.ts';
import type { AccountId } from '../../model/ids.ts';
import type { NetworkContext } from '../contract.ts';
import type { Credentials } from './credentials.ts';
import { decodeChange } from './decode.ts';
import { type Change, changeShape, entryShape, envelopeShape, objectShape } from './envelope.ts';
import { meaningOf } from './error-words.ts';

export interface ConnectedNumber {
  readonly account: AccountId;
  readonly credentials: Credentials;
}

export interface WebhookOptions {
  readonly path: string;
  readonly context: NetworkContext;
  /** See `HistoryDecoding`. */
  readonly historyWaitMs: number;
  /** By phone number id. */
  readonly numbers: ReadonlyMap<string, ConnectedNumber>;
}

/** Those whose app has signed a body, by phone number id. */
type Signers = ReadonlyMap<string, ConnectedNumber>;

/** Meta: "Payloads can be up to 3 MB". */
const maxBodyBytes = 4 * 1024 * 1024;
const maxChallenge = 256;
/** More at once could be more than the store lets wait. */
const changesAtOnce = 100;
const errorsLogged = 10;
/** Strangers can cause a warning, but no flood of them. */
const warnEveryMs = 10_000;

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #log: Log;
  readonly #warned = new Map<string, number>();

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#log = options.context.log;
  }

  get routes(): readonly Route[] {
    const { path } = this.#options;
    return [
      { method: 'GET', path, maxBodyBytes: 0, handle: async (request) => this.#verify(request) },
      {
        method: 'POST',
        path,
        maxBodyBytes,
        authorise: (headers) => void signatureIn(headers),
        handle: (request) => this.#receive(request),
      },
    ];
  }

  /** Meta: "Verification requests". */
  #verify({ query }: HttpRequest): HttpReply {
    const given = query.get('hub.verify_token') ?? '';
    const challenge = query.get('hub.challenge') ?? '';
    const isKnown = this.#all().filter(({ credentials }) => equalSecrets(given, credentials.verifyToken)).length > 0;
    if (query.get('hub.mode') !== 'subscribe' || !isKnown) {
      throw new ChanceryError('CH-HTTP-FORBIDDEN', {
        detail: 'The verify token is not the one of a connected number.',
      });
    }
    if (challenge === '' || challenge.length > maxChallenge) {
      throw new ChanceryError('CH-HTTP-BAD-BODY', {
        detail: `Expected hub.challenge with 1 to ${maxChallenge} letters.`,
      });
    }
    return { status: 200, body: challenge };
  }

  async #receive({ headers, body }: HttpRequest): Promise<HttpReply> {
    const signers = this.#signersOf(body, signatureIn(headers));
    if (signers.size === 0) {
      this.#warn('a webhook was refused: no connected number has the app secret that it was signed with');
      throw new ChanceryError('CH-HTTP-UNAUTHORISED', { detail: 'The signature does not fit.' });
    }
    const json = parseJson(body);
    if (!objectShape.safeParse(json).success) {
      this.#warn('a signed webhook was refused: it is of another product of Meta');
      throw new ChanceryError('CH-HTTP-BAD-BODY', { detail: 'It is no webhook of a WhatsApp Business Account.' });
    }
    const envelope = envelopeShape.safeParse(json);
    if (!envelope.success) {
      await this.#quarantine(signers, 'a body that is not as WhatsApp documents it', body);
      return received;
    }
    // An entry without changes is looked at as one, and set aside as such.
    const changes = envelope.data.entry.flatMap((entry) => entryShape.safeParse(entry).data?.changes ?? [entry]);
    const { taken, unreadable, foreign, stranger } = sorted(changes, signers);
    if (stranger !== undefined)
      this.#warn('a webhook for a number that is not connected was not taken', { number: stranger });
    if (foreign.length > 0 && foreign.length === changes.length) {
      throw new ChanceryError('CH-ACCOUNT-UNKNOWN', {
        detail: 'No number in this body is connected with its signature.',
      });
    }
    for (let at = 0; at < taken.length; at += changesAtOnce)
      await Promise.all(taken.slice(at, at + changesAtOnce).map((each) => this.#accept(each)));
    // The body will not come again, so what is for a number that is not connected here is kept.
    await this.#setAside(signers, 'changes for a number that is not connected', foreign);
    await this.#setAside(signers, 'a change that is not as WhatsApp documents it, or names no number', unreadable);
    return received;
  }

  async #accept({ number: { account }, change, raw }: Taken): Promise<void> {
    const { sink, clock } = this.#options.context;
    for (const { code, title } of (change.value.errors ?? []).slice(0, errorsLogged)) {
      this.#log.error(
        { account, code, words: meaningOf(code, title).words },
        'WhatsApp reports an error of the account',
      );
    }
    const unreadable = new Map<string, unknown[]>();
    await sink.accept(account, (state) => {
      unreadable.clear();
      return decodeChange(change, {
        state,
        now: clock.now(),
        historyWaitMs: this.#options.historyWaitMs,
        unreadable: (reason, item) => {
          // As it came, not as it was read.
          const kept = item === change.value ? raw : item;
          const items = unreadable.get(reason);
          if (items === undefined) unreadable.set(reason, [kept]);
          else items.push(kept);
        },
      });
    });
    for (const [reason, items] of unreadable) await sink.quarantine(account, reason, together(items));
  }

  async #setAside(signers: Signers, reason: string, items: readonly unknown[]): Promise<void> {
    if (items.length > 0) await this.#quarantine(signers, reason, together(items));
  }

  /** Nobody can tell which number it is for, so it is kept for the first that shares the signature. */
  async #quarantine(signers: Signers, reason: string, raw: Uint8Array): Promise<void> {
    const [first] = signers.values();
    if (first !== undefined) await this.#options.context.sink.quarantine(first.account, reason, raw);
  }

  /** The numbers whose app has signed exactly these bytes. */
  #signersOf(body: Uint8Array, signature: string): Signers {
    const fits = new Map<string, boolean>();
    const signers = new Map<string, ConnectedNumber>();
    for (const number of this.#all()) {
      const { appSecret, phoneNumberId } = number.credentials;
      const isRight =
        fits.get(appSecret) ?? equalSecrets(createHmac('sha256', appSecret).update(body).digest('hex'), signature);
      fits.set(appSecret, isRight);
      if (isRight) signers.set(phoneNumberId, number);
    }
    return signers;
  }

  #warn(words: string, about: object = {}): void {
    const now = performance.now();
    if (now - (this.#warned.get(words) ?? -Infinity) < warnEveryMs) return;
    this.#warned.set(words, now);
    this.#log.warn(about, words);
  }

  #all(): readonly ConnectedNumber[] {
    return [...this.#options.numbers.values()];
  }
}

const received: HttpReply = { status: 200, body: {} };

/** Those with the same trouble lie together: thousands, or millions, in one body must not take as many commits. */
const together = (items: readonly unknown[]): Uint8Array =>
  Buffer.from(JSON.stringify(items.length === 1 ? items[0] : items));

interface Taken {
  readonly number: ConnectedNumber;
  readonly change: Change;
  readonly raw: unknown;
}

interface Sorted {
  readonly taken: Taken[];
  readonly unreadable: unknown[];
  /** For a number that is not connected under this signature. */
  readonly foreign: unknown[];
  /** One of those numbers. */
  stranger?: string;
}

function sorted(changes: readonly unknown[], signers: Signers): Sorted {
  const found: Sorted = { taken: [], unreadable: [], foreign: [] };
  for (const raw of changes) {
    const { data: change } = changeShape.safeParse(raw);
    const named = change?.value.metadata.phone_number_id ?? '';
    const number = signers.get(named);
    if (change === undefined) found.unreadable.push(raw);
    else if (number === undefined) {
      found.foreign.push(raw);
      found.stranger = named;
    } else found.taken.push({ number, change, raw });
  }
  return found;
}

/** Throws `CH-HTTP-UNAUTHORISED`. */
function signatureIn(headers: IncomingHttpHeaders): string {
  const signature = /^sha256=([0-9a-f]{64})$/i.exec(String(headers['x-hub-signature-256'] ?? ''))?.[1];
  if (signature === undefined)
    throw new ChanceryError('CH-HTTP-UNAUTHORISED', { detail: 'Expected a header X-Hub-Signature-256.' });
  return signature.toLowerCase();
}
