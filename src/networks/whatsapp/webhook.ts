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
import { type Change, changeShape, envelopeShape } from './envelope.ts';
import { meaningOf } from './error-words.ts';

export interface ConnectedNumber {
  readonly account: AccountId;
  readonly credentials: Credentials;
}

export interface WebhookOptions {
  readonly path: string;
  readonly context: NetworkContext;
  /** By phone number id. */
  readonly numbers: ReadonlyMap<string, ConnectedNumber>;
}

/** Meta: "Payloads can be up to 3 MB". */
const maxBodyBytes = 4 * 1024 * 1024;
const maxChallenge = 256;

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #log: Log;

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
    if (signers.size === 0) throw new ChanceryError('CH-HTTP-UNAUTHORISED', { detail: 'The signature does not fit.' });
    const envelope = envelopeShape.safeParse(parseJson(body));
    if (!envelope.success) {
      await this.#quarantine([...signers.values()][0], 'a body that is no webhook of WhatsApp', body);
      return received;
    }
    const changes = envelope.data.entry.flatMap((entry) => entry.changes);
    const taken = await Promise.all(changes.map((change) => this.#take(change, signers, body)));
    if (taken.length > 0 && !taken.includes(true)) {
      throw new ChanceryError('CH-ACCOUNT-UNKNOWN', {
        detail: 'No number in this body is connected with its signature.',
      });
    }
    return received;
  }

  /** False when the change is for a number that is not connected under this signature. */
  async #take(raw: unknown, signers: ReadonlyMap<string, ConnectedNumber>, body: Uint8Array): Promise<boolean> {
    const change = changeShape.safeParse(raw);
    if (!change.success) {
      await this.#quarantine([...signers.values()][0], 'a change that is not as WhatsApp documents it', body);
      return true;
    }
    const number = signers.get(change.data.value.metadata.phone_number_id);
    if (number === undefined) {
      this.#log.warn(
        { number: change.data.value.metadata.phone_number_id },
        'a webhook for a number that is not connected was not taken',
      );
      return false;
    }
    await this.#accept(number, change.data);
    return true;
  }

  async #accept({ account }: ConnectedNumber, change: Change): Promise<void> {
    const { sink, clock } = this.#options.context;
    for (const { code, title } of change.value.errors ?? []) {
      this.#log.error(
        { account, code, words: meaningOf(code, title).words },
        'WhatsApp reports an error of the account',
      );
    }
    const unreadable: { reason: string; item: unknown }[] = [];
    await sink.accept(account, (state) => {
      unreadable.length = 0;
      return decodeChange(change, {
        state,
        now: clock.now(),
        unreadable: (reason, item) => void unreadable.push({ reason, item }),
      });
    });
    for (const { reason, item } of unreadable)
      await sink.quarantine(account, reason, Buffer.from(JSON.stringify(item)));
  }

  async #quarantine(number: ConnectedNumber | undefined, reason: string, raw: Uint8Array): Promise<void> {
    if (number !== undefined) await this.#options.context.sink.quarantine(number.account, reason, raw);
  }

  /** The numbers whose app has signed exactly these bytes. */
  #signersOf(body: Uint8Array, signature: string): ReadonlyMap<string, ConnectedNumber> {
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

  #all(): readonly ConnectedNumber[] {
    return [...this.#options.numbers.values()];
  }
}

const received: HttpReply = { status: 200, body: {} };

/** Throws `CH-HTTP-UNAUTHORISED`. */
function signatureIn(headers: IncomingHttpHeaders): string {
  const signature = /^sha256=([0-9a-f]{64})$/i.exec(String(headers['x-hub-signature-256'] ?? ''))?.[1];
  if (signature === undefined)
    throw new ChanceryError('CH-HTTP-UNAUTHORISED', { detail: 'Expected a header X-Hub-Signature-256.' });
  return signature.toLowerCase();
}
