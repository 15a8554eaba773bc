/** Drives a simulated WhatsApp in a process of its own: start it, play the citizens, make it misbehave, read what happened. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { ChatView } from './chats.ts';
import type { Citizen } from './citizens.ts';
import type { GroupListing } from './control-groups.ts';
import type {
  CitizenRequest,
  MediaRequest,
  OtherRequest,
  RawRequest,
  ReactionRequest,
  TextRequest,
  VerifyRequest,
} from './control-shape.ts';
import type { ActiveFault, FaultRequest } from './faults.ts';
import type { GroupView } from './group-chats.ts';
import type { Joining } from './group-citizens.ts';
import type { LogPage } from './log.ts';
import type { EntryOf, LogEntry, LogKind, MediaFact } from './log-entry.ts';
import { LogReader, type WaitOptions } from './log-reader.ts';
import type { SimulatorConfig } from './options.ts';
import type { Settings, SettingsChange } from './settings.ts';
import type { PostResult } from './webhook-post.ts';

export interface SimulatedWhatsAppOptions extends Omit<SimulatorConfig, 'settings'> {
  readonly settings?: SettingsChange;
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface Sent {
  readonly messageId: string;
}

const killAfterMs = 3_000;
const defaultIdleMs = 10_000;

export class SimulatedWhatsApp {
  readonly #options: SimulatedWhatsAppOptions;
  readonly #agent = new Agent({ connections: 32, bodyTimeout: 0, headersTimeout: 0 });
  #reader = this.#newReader();
  #process: ChildProcess | undefined;
  #configDirectory: string | undefined;
  #url = '';

  constructor(options: SimulatedWhatsAppOptions) {
    this.#options = options;
  }

  /** Such as `http://127.0.0.1:40123`: what the bridge takes for the Graph API. */
  get url(): string {
    return this.#url;
  }

  /** Resolves to the url when it listens. Throws what it wrote on standard error when it does not. */
  async start(): Promise<string> {
    const { port = 0, ...config } = this.#options;
    this.#configDirectory = await mkdtemp(join(tmpdir(), 'simulated-whatsapp-config-'));
    const configPath = join(this.#configDirectory, 'config.json');
    await writeFile(configPath, JSON.stringify(config), { mode: 0o600 });
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const args = [main, '--port', String(port), '--config', configPath, '--exit-with-stdin'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = `${complaints}${text}`.slice(-4_000);
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const said: unknown = JSON.parse(line);
      if (typeof said !== 'object' || said === null || !('listening' in said)) continue;
      this.#url = String(said.listening);
      child.stdout.resume();
      return this.#url;
    }
    throw new Error(`The simulated WhatsApp did not start: ${complaints}`);
  }

  /** Ends the process; its media is removed. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    await this.#agent.destroy();
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      const killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(killer);
    }
    if (this.#configDirectory !== undefined) await rm(this.#configDirectory, { recursive: true, force: true });
  }

  /** Everything is as at the start (also the webhook url and the settings), in the same process on the same port. */
  async reset(): Promise<void> {
    await this.#call('POST', '/reset', {});
    this.#reader = this.#newReader();
  }

  /** Null: nobody listens; webhooks wait until an address is set. */
  async setWebhookUrl(url: string | null, account?: string): Promise<void> {
    await this.#call('PUT', '/webhook', { url, account });
  }

  async verifyWebhook(ask: VerifyRequest): Promise<{ status: number; body: string; verified: boolean }> {
    return await this.#call('POST', '/webhook/verify', ask);
  }

  /** Posts any payload, once (tells the answer) or, with `retry`, until it is taken. */
  async postRaw(raw: RawRequest): Promise<PostResult | { readonly queued: true }> {
    return await this.#call('POST', '/webhook/raw', raw);
  }

  async retryNow(): Promise<void> {
    await this.#call('POST', '/webhook/retry-now', {});
  }

  async change(settings: SettingsChange): Promise<Settings> {
    return await this.#call('PATCH', '/settings', settings);
  }

  /** Lets time pass at once, in milliseconds. */
  async advanceClock(advanceMs: number): Promise<{ shiftMs: number; now: number }> {
    return await this.#call('POST', '/clock', { advanceMs });
  }

  /** Adds a citizen, or changes the one with that number or user id. */
  async citizen(facts: CitizenRequest): Promise<Citizen> {
    return await this.#call('POST', '/citizens', facts);
  }

  async citizens(): Promise<readonly Citizen[]> {
    return (await this.#call<{ citizens: readonly Citizen[] }>('GET', '/state')).citizens;
  }

  async writeText(citizen: string, text: string, more: Omit<TextRequest, 'text'> = {}): Promise<Sent> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/text`, { text, ...more });
  }

  async sendMedia(citizen: string, media: MediaRequest): Promise<Sent & { readonly media: MediaFact }> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/media`, media);
  }

  async sendOther(citizen: string, message: OtherRequest): Promise<Sent> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/message`, message);
  }

  /** Null takes the reaction back. A message of a group is reacted to in the group. */
  async react(citizen: string, messageId: string, emoji: string | null, account?: string): Promise<Sent> {
    const reaction: ReactionRequest = { messageId, emoji, account };
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/reaction`, reaction);
  }

  /** The citizen reads up to a message, or everything. */
  async read(citizen: string, upTo?: string, account?: string): Promise<{ messageIds: readonly string[] }> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/read`, { upTo, account });
  }

  async changeNumber(citizen: string, phone: string, account?: string): Promise<Sent> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/number`, { phone, account });
  }

  /** What the citizen sees on the phone. */
  async chat(citizen: string, account?: string): Promise<ChatView> {
    const query = account === undefined ? '' : `?account=${account}`;
    return await this.#call('GET', `/chats/${encodeURIComponent(citizen)}${query}`);
  }

  /** The groups that are there; the business makes them through the Graph API. */
  async groups(): Promise<readonly GroupListing[]> {
    return await this.#call('GET', '/groups');
  }

  /** By id or invite link: in at once, or a request that the business has to approve. Throws when the phone would not let in. */
  async joinGroup(citizen: string, group: string): Promise<Joining> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/join-group`, { group });
  }

  /** Takes the request to join back. */
  async revokeJoinRequest(citizen: string, group: string): Promise<{ joinRequestId: string }> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/revoke-join-request`, { group });
  }

  async leaveGroup(citizen: string, group: string): Promise<void> {
    await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/leave-group`, { group });
  }

  /** The citizen reads the group up to a message, or everything. */
  async readGroup(citizen: string, group: string, upTo?: string): Promise<{ messageIds: readonly string[] }> {
    return await this.#call('POST', `/citizens/${encodeURIComponent(citizen)}/read-group`, { group, upTo });
  }

  /** What the citizen sees of the group on the phone, also when it has left or the group is gone. */
  async groupChat(citizen: string, group: string): Promise<GroupView> {
    return await this.#call('GET', `/groups/${encodeURIComponent(group)}?citizen=${encodeURIComponent(citizen)}`);
  }

  /** WhatsApp stops the group for everybody. */
  async suspendGroup(group: string): Promise<void> {
    await this.#call('POST', `/groups/${encodeURIComponent(group)}/suspend`, {});
  }

  async unsuspendGroup(group: string): Promise<void> {
    await this.#call('POST', `/groups/${encodeURIComponent(group)}/unsuspend`, {});
  }

  /** Returns the id to take it away with. */
  async misbehave(fault: FaultRequest): Promise<number> {
    return (await this.#call<{ id: number }>('POST', '/faults', fault)).id;
  }

  async faults(): Promise<readonly ActiveFault[]> {
    return await this.#call('GET', '/faults');
  }

  /** One fault, or all. */
  async behave(id?: number): Promise<void> {
    await this.#call('DELETE', id === undefined ? '/faults' : `/faults/${id}`);
  }

  /** One page of the log: up to 1000 entries after `since`; waits up to `waitMs` (at most 60 s) when there is none. */
  async log(since = 0, waitMs = 0): Promise<LogPage> {
    return await this.#call('GET', `/log?since=${since}&wait=${waitMs}`);
  }

  /** The whole log so far. */
  async everything(): Promise<readonly LogEntry[]> {
    return await this.#reader.everything();
  }

  /** The first entry that fits, from the beginning or after `since`. Throws an error naming `what` and the last entries seen. */
  async waitFor(fits: (entry: LogEntry) => boolean, options: WaitOptions): Promise<LogEntry> {
    return await this.#reader.waitFor(fits, options);
  }

  /** The same for one kind of entry, typed as that kind. */
  async waitForKind<K extends LogKind>(
    kind: K,
    fits: (entry: EntryOf<K>) => boolean,
    options: WaitOptions,
  ): Promise<EntryOf<K>> {
    const isKind = (entry: LogEntry): entry is EntryOf<K> => entry.kind === kind;
    const found = await this.#reader.waitFor((entry) => isKind(entry) && fits(entry), options);
    if (!isKind(found)) throw new Error(`The log gave ${found.kind} for ${kind}`);
    return found;
  }

  /** True when every status has been told and every webhook taken. */
  async idle(waitMs = defaultIdleMs): Promise<boolean> {
    return (await this.#call<{ idle: boolean }>('GET', `/idle?wait=${waitMs}`)).idle;
  }

  /** The bytes of what was uploaded or sent. */
  async mediaBytes(mediaId: string): Promise<Uint8Array> {
    const answer = await request(`${this.#url}/_simulator/media/${mediaId}`, { dispatcher: this.#agent });
    if (answer.statusCode !== 200) throw new Error(`Media ${mediaId}: ${await answer.body.text()}`);
    return await answer.body.bytes();
  }

  #newReader(): LogReader {
    return new LogReader(async (since, waitMs) => await this.log(since, waitMs));
  }

  async #call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const answer = await request(`${this.#url}/_simulator${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${method} /_simulator${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as T;
  }
}
