/** Asks the running bridge over one of its sockets. */
import { type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { readBounded } from '../base/answer-body.ts';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import type { Config } from '../config/schema.ts';
import type { SocketPlace } from './socket-server.ts';
import { controlSocketIn, recordsSocketOf } from './sockets.ts';

/** The bridge answered with an error of the catalogue. */
export class ControlRefusal extends Error {
  readonly code: string;
  readonly advice: string;
  constructor({ errcode, error, advice }: z.output<typeof refusal>) {
    super(error);
    this.code = errcode;
    this.advice = advice;
  }
}

const refusal = z.object({ errcode: z.string(), error: z.string(), advice: z.string() });
const maxAnswerBytes = 1_000_000;

export class ControlClient {
  readonly #path: string;

  /** As who administers the bridge with this data directory. */
  constructor(dataDirectory: string, { path }: SocketPlace = controlSocketIn(dataDirectory)) {
    this.#path = path;
  }

  /** As a records officer. */
  static forRecords(config: Pick<Config, 'data' | 'records'>): ControlClient {
    return new ControlClient(config.data.directory, recordsSocketOf(config));
  }

  /**
   * The answer, checked against its shape. `timeoutMs` bounds the silence of the bridge.
   * Throws `CH-NOT-RUNNING` when nobody answers and `ControlRefusal` with what the bridge says against it.
   */
  async ask<Shape extends z.ZodType>(
    shape: Shape,
    { path, body, timeoutMs }: { readonly path: string; readonly body?: unknown; readonly timeoutMs: number },
  ): Promise<z.output<Shape>> {
    const { status, json } = await this.#exchange(path, body, timeoutMs);
    if (status >= 200 && status < 300) {
      const answer = shape.safeParse(json);
      if (answer.success) return answer.data;
    }
    const refused = refusal.safeParse(json);
    if (refused.success) throw new ControlRefusal(refused.data);
    throw this.#notRunning(`The answer (status ${status}) is none of a bridge of this version.`);
  }

  async #exchange(path: string, body: unknown, timeoutMs: number): Promise<{ status: number; json: unknown }> {
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const call = request(
          {
            socketPath: this.#path,
            path,
            method: body === undefined ? 'GET' : 'POST',
            timeout: timeoutMs,
            agent: false,
          },
          resolve,
        );
        call.once('error', reject);
        call.once('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1_000} seconds`)));
        call.end(body === undefined ? undefined : JSON.stringify(body));
      });
      return { status: answer.statusCode ?? 0, json: parseJson(await readBounded(answer, maxAnswerBytes)) };
    } catch (thrown) {
      if (systemCodeOf(thrown) === 'ENOENT' || systemCodeOf(thrown) === 'ECONNREFUSED') throw this.#notRunning();
      const denied = systemCodeOf(thrown) === 'EACCES';
      throw this.#notRunning(
        denied
          ? 'Only the user of the bridge may ask it, or the group that its configuration names.'
          : `${messageOf(thrown)}.`,
      );
    }
  }

  #notRunning(detail = 'Nobody answers at this socket.'): ChanceryError {
    return new ChanceryError('CH-NOT-RUNNING', { place: this.#path, detail });
  }
}
