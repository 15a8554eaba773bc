/** One POST of one webhook body; never throws, because a failure is a fact to log and to act on. */
import { Agent, request } from 'undici';
import type { SignatureKind } from './log-entry.ts';
import { webhookHeaders } from './webhook-body.ts';

export interface PostResult {
  readonly httpStatus: number | null;
  /** Empty when it was taken with 200. */
  readonly reason: string;
  readonly ms: number;
}

const connections = 64;
const longestWordsRead = 200;

export class WebhookPost {
  readonly #agent = new Agent({ connections, pipelining: 1, connect: { timeout: 5_000 } });

  async send(
    url: string,
    body: Buffer,
    appSecret: string,
    signature: SignatureKind,
    timeoutMs: number,
  ): Promise<PostResult> {
    const started = performance.now();
    const elapsed = (): number => Math.round((performance.now() - started) * 1000) / 1000;
    try {
      const answer = await request(url, {
        method: 'POST',
        body,
        headers: webhookHeaders(body, appSecret, signature),
        dispatcher: this.#agent,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const { statusCode } = answer;
      if (statusCode === 200) {
        await answer.body.dump();
        return { httpStatus: statusCode, reason: '', ms: elapsed() };
      }
      const words = (await answer.body.text()).slice(0, longestWordsRead);
      return { httpStatus: statusCode, reason: `answered ${statusCode} ${words}`.trim(), ms: elapsed() };
    } catch (thrown) {
      return { httpStatus: null, reason: reasonOf(thrown), ms: elapsed() };
    }
  }

  async verify(url: URL): Promise<{ readonly status: number; readonly body: string }> {
    const answer = await request(url, { dispatcher: this.#agent, headers: { 'user-agent': 'facebookplatform/1.0' } });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return 'code' in thrown ? `${String(thrown.code)} ${thrown.message}`.trim() : thrown.message;
}
