/** Meta's Graph API as the bridge sees it: messages, media and phone numbers, with Meta's errors and the faults asked for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptMessage, markRead } from './business-side.ts';
import type { GraphPlace } from './faults.ts';
import { errorBody, GraphError, noSuchObject, parameter, throughputLimit, tokenInvalid } from './graph-error.ts';
import { answerGroup, answerNumber, isAboutGroups } from './graph-groups.ts';
import { acceptGroupMessage } from './group-sending.ts';
import { BodyNotJson, BodyTooLarge, readJson, sendJson } from './http-body.ts';
import { mediaFact, type StoredMedia } from './media-files.ts';
import { streamMedia } from './media-serve.ts';
import { takeUpload } from './media-upload.ts';
import { mediaPath } from './media-urls.ts';
import type { AccountConfig } from './options.ts';
import { readReadMark, readSend } from './send-shape.ts';
import type { Simulation } from './simulation.ts';

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly method: string;
}

const messageBytes = 256 * 1024;
const versioned = /^\/v\d+\.\d+\/([^/]+)(?:\/([a-z_]+))?\/?$/;
const htmlError =
  '<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>';

/** An error that the client saw although the call had been carried out, or a fault before it was. */
class FaultAnswer extends Error {
  readonly status: number;
  readonly html: boolean;

  constructor(status: number, html: boolean) {
    super('An unknown error has occurred.');
    this.status = status;
    this.html = html;
  }
}

export class Graph {
  readonly #world: Simulation;

  constructor(world: Simulation) {
    this.#world = world;
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const call = { request, response, url, method: request.method ?? 'GET' };
    try {
      await this.#route(call);
    } catch (thrown) {
      this.#refuse(call, thrown);
    }
  }

  async #route(call: Call): Promise<void> {
    if (call.url.pathname === mediaPath) {
      await this.#mediaBytes(call);
      return;
    }
    const [, id = '', edge] = versioned.exec(call.url.pathname) ?? [];
    const account = this.#world.accounts.find(({ phoneNumberId }) => phoneNumberId === id);
    const operation = `${call.method} ${edge ?? ''}`.trim();
    if (isAboutGroups(this.#world, id, edge)) await this.#groups(call, id, edge, account);
    else if (operation === 'POST messages') await this.#messages(call, id, account);
    else if (operation === 'POST media') await this.#upload(call, id, account);
    else if (operation === 'GET message_templates') await this.#templates(call, id);
    else if (operation === 'GET permissions' && id === 'me') this.#permissions(call);
    else if (operation === 'GET subscribed_apps') this.#subscribedApps(call, id);
    else if (operation === 'GET' && account !== undefined) await this.#phoneNumber(call, account);
    else if (operation === 'GET' || operation === 'DELETE') await this.#media(call, id);
    else throw noSuchObject(call.method, edge ?? id);
  }

  async #messages(call: Call, id: string, account: AccountConfig | undefined): Promise<void> {
    const body = await readJson(call.request, messageBytes);
    const reads = typeof body === 'object' && body !== null && 'status' in body;
    if (await this.#faulty(call, reads ? 'read' : 'messages')) return;
    const owner = this.#authorised(call, id, account);
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw parameter('The body must be an object.');
    if (reads) {
      markRead(this.#world, owner, readReadMark(body));
      sendJson(call.response, 200, { success: true });
      return;
    }
    const request = readSend(body);
    const accept = request.recipientType === 'group' ? acceptGroupMessage : acceptMessage;
    const { messageId, answer } = accept(this.#world, owner, request);
    if (this.#world.faults.fire('graph-cut-after-accept') !== undefined) {
      const path = call.url.pathname;
      this.#world.log.add({ kind: 'connection-cut', stage: 'after-accept', path, messageId });
      call.request.socket.destroy();
      return;
    }
    if (this.#world.faults.fire('graph-error-after-accept') !== undefined) throw new FaultAnswer(500, false);
    sendJson(call.response, 200, answer);
  }

  async #groups(call: Call, id: string, edge: string | undefined, account: AccountConfig | undefined): Promise<void> {
    const { method, url, request } = call;
    const body = method === 'GET' ? {} : await readJson(request, messageBytes);
    if (await this.#faulty(call, 'groups')) return;
    const address = `http://${request.headers.host ?? ''}${url.pathname}`;
    const asked = { method, edge, query: url.searchParams, address, body };
    const answer =
      edge === 'groups'
        ? answerNumber(this.#world, this.#authorised(call, id, account), asked)
        : answerGroup(this.#world, id, this.#token(call), asked);
    sendJson(call.response, answer.status, answer.body);
  }

  async #upload(call: Call, id: string, account: AccountConfig | undefined): Promise<void> {
    if (await this.#faulty(call, 'media-upload')) return;
    const owner = this.#authorised(call, id, account);
    const { media: files, settings, log } = this.#world;
    const media = await takeUpload(call.request, call.url.searchParams, owner, files, settings.anyDocumentType);
    log.add({ kind: 'media-upload', account: owner.phoneNumberId, media: mediaFact(media) });
    sendJson(call.response, 200, { id: media.id });
  }

  async #templates(call: Call, id: string): Promise<void> {
    if (await this.#faulty(call, 'templates')) return;
    const owner = this.#world.accounts.find(({ wabaId }) => wabaId === id);
    if (this.#token(call) !== owner?.accessToken) throw noSuchObject(call.method, id);
    const { searchParams } = call.url;
    const from = Number(searchParams.get('after') ?? 0);
    const to = from + Number(searchParams.get('limit') ?? 25);
    const { templates } = this.#world.settings;
    const cursors = { before: String(from), after: String(to) };
    sendJson(call.response, 200, { data: templates.slice(from, to), paging: { cursors } });
  }

  #permissions(call: Call): void {
    this.#token(call);
    const { permissions } = this.#world.settings;
    sendJson(call.response, 200, { data: permissions.map((permission) => ({ permission, status: 'granted' })) });
  }

  #subscribedApps(call: Call, id: string): void {
    const owner = this.#world.accounts.find(({ wabaId }) => wabaId === id);
    if (this.#token(call) !== owner?.accessToken) throw noSuchObject(call.method, id);
    const app = { whatsapp_business_api_data: { id: '1', name: 'Chancery', link: 'https://app.example' } };
    sendJson(call.response, 200, { data: this.#world.settings.subscribed ? [app] : [] });
  }

  async #phoneNumber(call: Call, account: AccountConfig): Promise<void> {
    if (await this.#faulty(call, 'phone-number')) return;
    this.#authorised(call, account.phoneNumberId, account);
    const webhook = this.#world.addresses.of(account);
    const known: Record<string, string | object> = {
      ...(webhook === undefined ? {} : { webhook_configuration: { application: webhook } }),
      display_phone_number: account.displayPhoneNumber,
      verified_name: account.verifiedName,
      quality_rating: 'GREEN',
      code_verification_status: 'VERIFIED',
      platform_type: 'CLOUD_API',
    };
    const wanted = call.url.searchParams.get('fields')?.split(',') ?? Object.keys(known).slice(0, 3);
    const picked = wanted.filter((field) => field in known).map((field) => [field, known[field]]);
    sendJson(call.response, 200, { ...Object.fromEntries(picked), id: account.phoneNumberId });
  }

  async #media(call: Call, id: string): Promise<void> {
    if (await this.#faulty(call, 'media-info')) return;
    const token = this.#token(call);
    const media = this.#world.media.get(id);
    const through = call.url.searchParams.get('phone_number_id') ?? media?.account.phoneNumberId;
    if (media === undefined || token !== media.account.accessToken || through !== media.account.phoneNumberId)
      throw noSuchObject(call.method, id);
    if (call.method === 'DELETE') {
      await this.#world.media.remove(media);
      sendJson(call.response, 200, { success: true });
      return;
    }
    const { clock, settings, mediaUrls } = this.#world;
    const url = mediaUrls.make(`http://${call.request.headers.host ?? ''}`, id, clock.now() + settings.mediaUrlMs);
    const facts = { mime_type: media.mime, sha256: media.sha256, file_size: media.bytes, id };
    sendJson(call.response, 200, { messaging_product: 'whatsapp', url, ...facts });
  }

  async #mediaBytes(call: Call): Promise<void> {
    if (await this.#faulty(call, 'media-url')) return;
    const token = this.#token(call);
    const { faults, mediaUrls, clock } = this.#world;
    const gone = faults.fire('media-url-404') !== undefined;
    const media = this.#world.media.get(mediaUrls.read(call.url.searchParams, clock.now()) ?? '');
    if (gone || media?.account.accessToken !== token)
      throw new GraphError({ httpStatus: 404, code: 100, title: 'The media url is not valid or has expired.' });
    await this.#stream(call, media);
  }

  async #stream(call: Call, media: StoredMedia): Promise<void> {
    const { faults, log } = this.#world;
    const wrong = faults.fire('media-wrong-bytes') !== undefined;
    const cut = faults.fire('media-cut') !== undefined;
    const whole = await streamMedia(call.response, media, cut ? 'cut' : wrong ? 'wrong-bytes' : 'none');
    const { id: mediaId, bytes, account } = media;
    if (whole) log.add({ kind: 'media-download', account: account.phoneNumberId, mediaId, bytes });
  }

  /** True when a fault ended the call without an answer. */
  async #faulty(call: Call, place: GraphPlace): Promise<boolean> {
    const { faults, log } = this.#world;
    if (faults.fire('graph-refuse', place) !== undefined) {
      log.add({ kind: 'connection-cut', stage: 'before-accept', path: call.url.pathname });
      call.request.socket.resetAndDestroy();
      return true;
    }
    const slow = faults.fire('graph-slow', place);
    if (slow !== undefined) await sleep(slow.ms);
    const down = faults.fire('graph-5xx', place);
    if (down !== undefined) throw new FaultAnswer(down.status, down.body === 'html');
    const limited = faults.fire('graph-rate-limited', place);
    if (limited !== undefined)
      throw new GraphError({ ...throughputLimit, code: limited.code, httpStatus: limited.status });
    return false;
  }

  #token(call: Call): string {
    const [scheme, token] = (call.request.headers.authorization ?? '').split(' ');
    const { accounts, settings } = this.#world;
    const { newToken } = settings;
    const former = accounts[0]?.accessToken;
    if (newToken !== null && token === former) throw new GraphError(tokenInvalid);
    const meant = newToken !== null && token === newToken ? former : token;
    if (scheme !== 'Bearer' || meant === undefined || !accounts.some(({ accessToken }) => accessToken === meant))
      throw new GraphError(tokenInvalid);
    return meant;
  }

  #authorised(call: Call, id: string, account: AccountConfig | undefined): AccountConfig {
    if (this.#token(call) !== account?.accessToken) throw noSuchObject(call.method, id);
    return account;
  }

  #refuse({ request, response, url, method }: Call, thrown: unknown): void {
    const [httpStatus, code, body] = answerFor(thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.#world.log.add({ kind: 'graph-error', method, path: url.pathname, httpStatus, code, message });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (!request.complete) response.setHeader('connection', 'close');
    if (typeof body === 'string') response.writeHead(httpStatus, { 'content-type': 'text/html' }).end(body);
    else sendJson(response, httpStatus, body);
    request.resume();
  }
}

function answerFor(thrown: unknown): [number, number | null, object | string] {
  if (thrown instanceof GraphError) return [thrown.facts.httpStatus, thrown.facts.code, errorBody(thrown.facts)];
  if (thrown instanceof FaultAnswer && thrown.html) return [thrown.status, null, htmlError];
  if (thrown instanceof BodyTooLarge || thrown instanceof BodyNotJson)
    return [400, 100, errorBody({ httpStatus: 400, code: 100, title: thrown.message })];
  const httpStatus = thrown instanceof FaultAnswer ? thrown.status : 500;
  const title = thrown instanceof FaultAnswer ? thrown.message : `The simulator failed: ${String(thrown)}`;
  return [httpStatus, 131000, errorBody({ httpStatus, code: 131000, title: 'Something went wrong', details: title })];
}
