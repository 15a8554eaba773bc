/** One connected number: sends, and fetches files. Whether something may be sent now is asked of `refusal` first. */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { ChanceryError } from '../../base/errors.ts';
import type { HttpClient } from '../../base/http-client.ts';
import type { OutboundContent, RemoteFile } from '../../model/content.ts';
import { asId, type ChatId, type RemoteMessageId } from '../../model/ids.ts';
import type { Account, NetworkContext, Outgoing, OutgoingReaction, SendResult, Session } from '../contract.ts';
import { capabilities } from './capabilities.ts';
import type { WhatsAppConfig } from './config.ts';
import type { Credentials } from './credentials.ts';
import { Graph, type GraphResult } from './graph.ts';
import { type Address, addressOf } from './identity.ts';
import { uploadForm } from './multipart.ts';
import { Pace } from './pace.ts';
import { messageBody, reactionBody } from './send-body.ts';

export interface SessionOptions {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly config: WhatsAppConfig;
  readonly context: NetworkContext;
  readonly http: HttpClient;
}

/** Meta: "Customer service windows". */
const windowMs = 24 * 3_600_000;
const againMs = 2_000;
const fetchWithinMs = 60_000;

const sentShape = z.object({ messages: z.array(z.looseObject({ id: z.string().min(1) })).min(1) });
const uploadedShape = z.looseObject({ id: z.string().min(1) });
const mediaShape = z.looseObject({ url: z.url() });

export class WhatsAppSession implements Session {
  readonly account: Account;
  readonly capabilities = capabilities;
  readonly evidenceMs: number;
  readonly #options: SessionOptions;
  readonly #graph: Graph;
  readonly #pace: Pace;

  constructor(options: SessionOptions) {
    const { account, credentials, config, http } = options;
    this.account = account;
    this.evidenceMs = config.evidence_seconds * 1_000;
    this.#options = options;
    this.#graph = new Graph({
      http,
      base: `${config.graph_url}/${config.graph_version}`,
      token: credentials.accessToken,
    });
    this.#pace = new Pace(config.messages_per_second);
  }

  async refusal(chat: ChatId): Promise<string | undefined> {
    const { phone, userId, wroteAt } = await this.#address(chat);
    if (phone === undefined && userId === undefined)
      return 'Groups and chats without a person cannot be answered from here yet.';
    const now = this.#options.context.clock.now();
    if (wroteAt === undefined)
      return 'WhatsApp lets an agency write only to people who wrote first. Wait until they write.';
    if (now - wroteAt < windowMs) return undefined;
    const last = new Date(wroteAt).toISOString().slice(0, 16).replace('T', ' ');
    return `WhatsApp lets you write only within 24 hours of this person's last message (${last} UTC). Wait until they write again, or reach them another way.`;
  }

  async prepare(content: OutboundContent, signal: AbortSignal): Promise<string | undefined> {
    if (content.type === 'text') return undefined;
    const { file, mimeType, fileName } = content;
    const form = uploadForm(
      { messaging_product: 'whatsapp', type: mimeType },
      { name: fileName ?? 'file', mimeType, sizeBytes: file.sizeBytes, content: this.#options.context.openFile(file) },
    );
    const result = await this.#graph.ask(`/${this.#number}/media`, { method: 'POST', ...form, signal });
    const uploaded = result.outcome === 'done' ? uploadedShape.safeParse(result.json) : undefined;
    if (uploaded?.success === true) return uploaded.data.id;
    const code =
      result.outcome === 'problem' && result.kind === 'refused' ? 'CH-MEDIA-REFUSED' : 'CH-NETWORK-UNREACHABLE';
    throw new ChanceryError(code, {
      detail: 'words' in result ? result.words : 'WhatsApp answered something unexpected.',
    });
  }

  async send(outgoing: Outgoing, signal: AbortSignal): Promise<SendResult> {
    return this.#message(messageBody(outgoing, await this.#address(outgoing.chat)), signal);
  }

  async react(reaction: OutgoingReaction, signal: AbortSignal): Promise<SendResult> {
    return this.#message(reactionBody(reaction, await this.#address(reaction.chat)), signal);
  }

  async markRead(_chat: ChatId, message: RemoteMessageId, signal: AbortSignal): Promise<void> {
    await this.#graph.post(
      `/${this.#number}/messages`,
      { messaging_product: 'whatsapp', status: 'read', message_id: message },
      signal,
    );
  }

  /** Typing rides on a read mark and lasts for 25 seconds (Meta: "Typing indicators"). */
  async typing(_chat: ChatId, lastMessage: RemoteMessageId, signal: AbortSignal): Promise<void> {
    const body = {
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: lastMessage,
      typing_indicator: { type: 'text' },
    };
    await this.#graph.post(`/${this.#number}/messages`, body, signal);
  }

  /** An address that has expired is asked for once more. */
  async fetchMedia({ reference }: RemoteFile, signal: AbortSignal): Promise<Readable> {
    return (await this.#fetch(reference, signal)) ?? (await this.#fetch(reference, signal)) ?? gone();
  }

  get #number(): string {
    return this.#options.credentials.phoneNumberId;
  }

  #address(chat: ChatId): Promise<Address> {
    return addressOf(this.#options.context.stateOf(this.account.id), chat);
  }

  async #message(body: object, signal: AbortSignal): Promise<SendResult> {
    await this.#pace.turn(signal);
    return sendResultOf(await this.#graph.post(`/${this.#number}/messages`, body, signal));
  }

  /** Undefined when the address that WhatsApp gave does not work. */
  async #fetch(id: string, signal: AbortSignal): Promise<Readable | undefined> {
    const result = await this.#graph.ask(`/${encodeURIComponent(id)}`, { method: 'GET', signal });
    if (result.outcome === 'problem' && result.kind === 'refused') return gone();
    const parsed = result.outcome === 'done' ? mediaShape.safeParse(result.json) : undefined;
    if (parsed?.success !== true) {
      throw new ChanceryError('CH-NETWORK-UNREACHABLE', {
        detail: 'words' in result ? result.words : 'WhatsApp named no address of the file.',
      });
    }
    const { status, body } = await this.#options.http.stream({
      method: 'GET',
      url: parsed.data.url,
      headers: this.#graph.authorization,
      signal,
      timeoutMs: fetchWithinMs,
    });
    if (status === 200) return body;
    await body.dump();
    if (status === 404 || status === 410 || status === 403) return undefined;
    throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: `The file was answered with ${status}.` });
  }
}

function gone(): never {
  throw new ChanceryError('CH-MEDIA-GONE');
}

function sendResultOf(result: GraphResult): SendResult {
  switch (result.outcome) {
    case 'done': {
      const parsed = sentShape.safeParse(result.json);
      const id = parsed.success ? parsed.data.messages[0]?.id : undefined;
      if (id === undefined) return { outcome: 'unknown', reason: 'WhatsApp named no id of the message.' };
      return { outcome: 'sent', message: asId<RemoteMessageId>(id) };
    }
    case 'unknown':
      return { outcome: 'unknown', reason: result.words };
    case 'unreachable':
      return { outcome: 'not-sent', reason: result.words, afterMs: againMs };
    case 'problem':
      if (result.kind === 'refused') return { outcome: 'refused', reason: result.words };
      return { outcome: 'not-sent', reason: result.words, afterMs: result.waitMs ?? againMs };
  }
}
