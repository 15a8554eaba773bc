/** One connected number: sends, and fetches files. Whether something may be sent now is asked of `refusal` first. */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { ChanceryError, type ErrorCode, messageOf } from '../../base/errors.ts';
import type { HttpClient } from '../../base/http-client.ts';
import type { OutboundContent, RemoteFile, TemplateContent } from '../../model/content.ts';
import type { Finding } from '../../model/finding.ts';
import { asId, type ChatId, type RemoteMessageId } from '../../model/ids.ts';
import type {
  Account,
  AccountNews,
  AdapterState,
  Groups,
  NetworkContext,
  Outgoing,
  OutgoingReaction,
  Resolved,
  SendResult,
  Session,
  Templates,
} from '../contract.ts';
import { capabilities } from './capabilities.ts';
import { contactsIn, inlineFile, isCardType, maxCardBytes } from './contact-cards.ts';
import type { WhatsAppConfig } from './config.ts';
import type { Credentials } from './credentials.ts';
import { examineNumber } from './examination.ts';
import { Graph, type GraphProblem, type GraphResult } from './graph.ts';
import { nameFromPhone, senderOf } from './identity.ts';
import { closedTo, type Recipient, recipientOf } from './recipient.ts';
import { WhatsAppGroups } from './groups.ts';
import { fetchFile } from './media-download.ts';
import { uploadForm } from './multipart.ts';
import { telephoneNumber } from './telephone-number.ts';
import { allTemplates, filled, sketchOf, type Template, templateMembers } from './templates.ts';
import { Pace } from './pace.ts';
import {
  messageBody,
  messageFrame,
  notTakenByGroup,
  preparedContacts,
  reactionBody,
  readBody,
  typingBody,
} from './send-body.ts';

export interface SessionOptions {
  /** Is told whether WhatsApp accepts the account, with the first answer and with each change. */
  readonly onStanding: (news: AccountNews) => void;
  readonly account: Account;
  readonly credentials: Credentials;
  readonly config: WhatsAppConfig;
  readonly context: NetworkContext;
  readonly http: HttpClient;
}

/** Meta: "Customer service windows". */
const windowMs = 24 * 3_600_000;
const againMs = 2_000;
const statusComesWithinMs = 5_000;
/** "One message in six seconds to one person" says nothing about the others. */
const pairLimit = 131056;

const id = z.union([z.string().min(1), z.int().transform(String)]);
const sentShape = z.object({ messages: z.array(z.looseObject({ id })).min(1) });
const uploadedShape = z.looseObject({ id });

/** What is posted, or why nothing is. */
type Body = { readonly body: object } | { readonly refusal: string };

export class WhatsAppSession implements Session {
  readonly account: Account;
  readonly capabilities = capabilities;
  readonly evidenceMs: number;
  readonly #options: SessionOptions;
  readonly #graph: Graph;
  readonly #pace: Pace;
  /** Undefined until WhatsApp has answered. */
  #standing: AccountNews['state'] | undefined;

  constructor(options: SessionOptions) {
    const { account, credentials, config, http, context } = options;
    this.account = account;
    this.evidenceMs = config.evidence_seconds * 1_000;
    this.#options = options;
    this.#graph = new Graph({ http, config, token: credentials.accessToken, onCall: context.onCall });
    this.#pace = new Pace(config.messages_per_second);
  }

  get isInTrouble(): boolean {
    return this.#standing === 'refused';
  }

  async resolve(written: string, state: AdapterState): Promise<Resolved> {
    const number = telephoneNumber(written);
    if ('refusal' in number) return number;
    const phone = number.digits;
    const person = await senderOf(state, { phone, at: this.#options.context.clock.now(), wrote: false });
    if (person === undefined) throw new Error('a number is always somebody');
    const displayName = person.name ?? nameFromPhone(phone);
    const contact = { id: person.contact, ...(displayName === undefined ? {} : { displayName }) };
    return { chat: asId<ChatId>(person.contact), contact };
  }

  async openUntil(chat: ChatId): Promise<number | undefined> {
    const { wroteAt } = await this.#recipient(chat);
    return wroteAt === undefined ? undefined : wroteAt + windowMs;
  }

  async examine(signal: AbortSignal): Promise<readonly Finding[]> {
    const { http, config, credentials } = this.#options;
    const ask = async (path: string): Promise<GraphResult> =>
      this.#graph.ask('examine', path, { method: 'GET', signal });
    return examineNumber({ ask, http, config, credentials, signal });
  }

  readonly groups: Groups = new WhatsAppGroups({
    ask: async (path, method, body, signal) =>
      this.#heed(
        body === undefined || method === 'GET'
          ? await this.#graph.ask('groups', path, { method, signal })
          : await this.#graph.post('groups', path, body, signal, method),
      ),
    phoneNumberId: () => this.#number,
    state: () => this.#options.context.stateOf(this.account.id),
  });

  get templates(): Templates {
    return {
      list: async (signal) => (await this.#templates(signal)).map(sketchOf),
      fill: async (content, signal) => filled(await this.#templates(signal), content),
    };
  }

  async refusal(chat: ChatId, kind: Parameters<Session['refusal']>[1]): Promise<string | undefined> {
    const to = await this.#recipient(chat);
    const closed = closedTo(to, kind);
    if (closed !== undefined || kind === 'template') return closed;
    const { wroteAt } = to;
    const now = this.#options.context.clock.now();
    if (wroteAt === undefined)
      return 'WhatsApp lets an agency write freely only to people who wrote first. Wait until they write, or send a template (`!chancery template list`).';
    if (now - wroteAt < windowMs) return undefined;
    const last = new Date(wroteAt).toISOString().slice(0, 16).replace('T', ' ');
    const whose = 'group' in to ? "the group's" : "this person's";
    return `WhatsApp lets you write only within 24 hours of ${whose} last message (${last} UTC). Wait until they write again, or send a template (\`!chancery template list\`).`;
  }

  async prepare(content: OutboundContent, signal: AbortSignal): Promise<string | undefined> {
    if (content.type !== 'media') return undefined;
    const { file, mimeType, fileName } = content;
    if (isCardType(mimeType) && file.sizeBytes <= maxCardBytes) {
      const contacts = contactsIn(await text(this.#options.context.openFile(file)));
      if (contacts !== undefined) return preparedContacts(contacts);
    }
    this.#mindPause();
    const form = uploadForm(
      { messaging_product: 'whatsapp' },
      { name: fileName ?? 'file', mimeType, sizeBytes: file.sizeBytes, content: this.#options.context.openFile(file) },
    );
    const result = this.#heed(
      await this.#graph.ask('upload', `/${this.#number}/media`, { method: 'POST', ...form, signal }),
    );
    const uploaded = result.outcome === 'done' ? uploadedShape.safeParse(result.json).data : undefined;
    if (uploaded !== undefined) return uploaded.id;
    throw new ChanceryError(failureOfUpload(result), { detail: wordsOf(result) });
  }

  async send(outgoing: Outgoing, signal: AbortSignal): Promise<SendResult> {
    const { content } = outgoing;
    if (content.type === 'template') return this.#sendTemplate(outgoing, content, signal);
    const bodyFor = (to: Recipient): Body => {
      const refusal = 'group' in to ? notTakenByGroup(outgoing) : undefined;
      return refusal === undefined ? { body: messageBody(outgoing, to) } : { refusal };
    };
    return this.#message(outgoing.chat, bodyFor, signal);
  }

  async react(reaction: OutgoingReaction, signal: AbortSignal): Promise<SendResult> {
    return this.#message(reaction.chat, (to) => ({ body: reactionBody(reaction, to) }), signal);
  }

  async markRead(chat: ChatId, message: RemoteMessageId, signal: AbortSignal): Promise<void> {
    if (await this.#takesMarks(chat)) await this.#mark(readBody(message), signal);
  }

  async typing(chat: ChatId, lastMessage: RemoteMessageId, signal: AbortSignal): Promise<void> {
    if (await this.#takesMarks(chat)) await this.#mark(typingBody(lastMessage), signal);
  }

  async fetchMedia({ reference }: RemoteFile, signal: AbortSignal): Promise<Readable> {
    const inline = inlineFile(reference);
    if (inline !== undefined) return Readable.from([inline]);
    this.#mindPause();
    return fetchFile(reference, {
      http: this.#options.http,
      authorization: this.#graph.authorization,
      lookUp: async (id) =>
        this.#heed(await this.#graph.ask('look-up', `/${encodeURIComponent(id)}`, { method: 'GET', signal })),
      onCall: this.#options.context.onCall,
      signal,
    });
  }

  async #sendTemplate(outgoing: Outgoing, content: TemplateContent, signal: AbortSignal): Promise<SendResult> {
    let found: ReturnType<typeof filled>;
    try {
      found = filled(await this.#templates(signal), content);
    } catch (thrown) {
      return { outcome: 'not-sent', reason: messageOf(thrown), afterMs: againMs };
    }
    if ('refusal' in found) return { outcome: 'refused', reason: found.refusal };
    const members = templateMembers(found.template, content.parameters);
    return this.#message(outgoing.chat, (to) => ({ body: { ...messageFrame(outgoing, to), ...members } }), signal);
  }

  /** Throws `CH-NETWORK-UNREACHABLE`. */
  async #templates(signal: AbortSignal): Promise<readonly Template[]> {
    const { businessAccountId } = this.#options.credentials;
    if (businessAccountId === undefined)
      throw new ChanceryError('CH-NETWORK-UNREACHABLE', {
        detail: 'This number was connected without the ID of its WhatsApp Business Account. Log it in again with it.',
      });
    const found = await allTemplates({
      ask: async (path) =>
        this.#heed(await this.#graph.ask('templates', `/${businessAccountId}${path}`, { method: 'GET', signal })),
    });
    if ('problem' in found) throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: found.problem });
    return found;
  }

  get #number(): string {
    return this.#options.credentials.phoneNumberId;
  }

  #recipient(chat: ChatId): Promise<Recipient> {
    return recipientOf(this.#options.context.stateOf(this.account.id), chat);
  }

  /** Meta: "Groups API": messages of groups cannot be marked as read. */
  async #takesMarks(chat: ChatId): Promise<boolean> {
    return !('group' in (await this.#recipient(chat)));
  }

  async #message(chat: ChatId, bodyFor: (to: Recipient) => Body, signal: AbortSignal): Promise<SendResult> {
    const { pausedMs } = this.#pace;
    if (pausedMs > 0) return { outcome: 'not-sent', reason: 'WhatsApp asks to slow down.', afterMs: pausedMs };
    let body: Body;
    try {
      body = bodyFor(await this.#recipient(chat));
      await this.#pace.turn(signal);
    } catch (thrown) {
      // Not a byte has left: the bridge stops, or it could not read what it knows.
      return { outcome: 'not-sent', reason: messageOf(thrown), afterMs: againMs };
    }
    if ('refusal' in body) return { outcome: 'refused', reason: body.refusal };
    const result = await this.#graph.post('send', `/${this.#number}/messages`, body.body, signal);
    return this.#sendResultOf(this.#heed(result));
  }

  async #mark(body: object, signal: AbortSignal): Promise<void> {
    const result = this.#heed(await this.#graph.post('mark', `/${this.#number}/messages`, body, signal));
    if (result.outcome !== 'done') throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: wordsOf(result) });
  }

  #heed(result: GraphResult): GraphResult {
    if (result.outcome === 'done') this.#stand({ state: 'accepted' });
    if (result.outcome === 'problem' && result.kind === 'account')
      this.#stand({ state: 'refused', reason: result.words });
    if (result.outcome === 'problem' && result.kind === 'rate' && result.code !== pairLimit)
      this.#pace.pause(result.waitMs ?? againMs);
    return result;
  }

  #stand(news: AccountNews): void {
    if (news.state === this.#standing) return;
    this.#standing = news.state;
    this.#options.onStanding(news);
  }

  /** Throws when WhatsApp asked for a pause that is not over. */
  #mindPause(): void {
    if (this.#pace.pausedMs > 0)
      throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: 'WhatsApp asks to slow down.' });
  }

  #sendResultOf(result: GraphResult): SendResult {
    switch (result.outcome) {
      case 'done': {
        const message = sentShape.safeParse(result.json).data?.messages[0]?.id;
        if (message === undefined) return { outcome: 'unknown', reason: 'WhatsApp named no id of the message.' };
        return { outcome: 'sent', message: asId<RemoteMessageId>(message) };
      }
      case 'unknown':
        return { outcome: 'unknown', reason: result.words };
      case 'unreachable':
        return { outcome: 'not-sent', reason: result.words, afterMs: againMs };
      case 'problem':
        if (result.kind === 'refused') return { outcome: 'refused', reason: result.words };
        return { outcome: 'not-sent', reason: result.words, afterMs: waitAfter(result) };
    }
  }
}

function failureOfUpload(result: GraphResult): ErrorCode {
  if (result.outcome === 'done' || (result.outcome === 'problem' && result.kind === 'again')) return 'CH-MEDIA-TROUBLE';
  return result.outcome === 'problem' && result.kind === 'refused' ? 'CH-MEDIA-REFUSED' : 'CH-NETWORK-UNREACHABLE';
}

/** After a fault of WhatsApp's own the message may still have got through: its status then comes before the wait ends. */
function waitAfter({ status, waitMs = againMs }: GraphProblem): number {
  return status >= 500 ? Math.max(waitMs, statusComesWithinMs) : waitMs;
}

const wordsOf = (result: GraphResult): string =>
  'words' in result ? result.words : 'WhatsApp answered something unexpected.';
