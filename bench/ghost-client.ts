/** What the bridge asks of the homeserver for one text, and nothing else: the same token, users, devices and rooms. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { parse } from 'yaml';

export class GhostClient {
  readonly #url: string;
  readonly #token: string;
  readonly #agent = new Agent({ connections: 64, pipelining: 1 });
  readonly #devices = new Map<string, string>();

  constructor(url: string, registrationFile: string) {
    this.#url = url;
    this.#token = (parse(readFileSync(registrationFile, 'utf8')) as { readonly as_token: string }).as_token;
  }

  async sendText(user: string, room: string, body: string): Promise<void> {
    const query = { user_id: user, device_id: await this.#deviceOf(user), ts: String(Date.now()) };
    const path = `/rooms/${encodeURIComponent(room)}/send/m.room.message/${randomUUID()}`;
    await this.#call('PUT', path, query, { msgtype: 'm.text', body });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #deviceOf(user: string): Promise<string> {
    const known = this.#devices.get(user);
    if (known !== undefined) return known;
    const { devices } = (await this.#call('GET', '/devices', { user_id: user })) as {
      devices: readonly { device_id: string }[];
    };
    const device = devices[0]?.device_id;
    if (device === undefined) throw new Error(`${user} has no device`);
    this.#devices.set(user, device);
    return device;
  }

  async #call(method: 'GET' | 'PUT', path: string, query: Record<string, string>, body?: object): Promise<unknown> {
    const answer = await request(`${this.#url}/_matrix/client/v3${path}?${new URLSearchParams(query).toString()}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      dispatcher: this.#agent,
    });
    const json = await answer.body.json();
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${JSON.stringify(json)}`);
    return json;
  }
}
