/** Asks the running bridge over one of its sockets. */
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
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
const isFine = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

interface Asking {
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

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
  async ask<Shape extends z.ZodType>(shape: Shape, { path, body, timeoutMs }: Asking): Promise<z.output<Shape>> {
    const answer = await this.#answered(path, body, timeoutMs);
    const json = await this.#jsonOf(answer);
    if (isFine(answer)) {
      const read = shape.safeParse(json);
      if (read.success) return read.data;
    }
    return this.#refused(answer, json);
  }

  /**
   * The bytes of the answer as they come, which must be consumed or destroyed: the stream fails where they end too early.
   * Throws as `ask` does.
   */
  async stream({ path, body, timeoutMs }: Asking): Promise<Readable> {
    const answer = await this.#answered(path, body, timeoutMs);
    return isFine(answer) ? answer : this.#refused(answer, await this.#jsonOf(answer));
  }

  #refused({ statusCode }: IncomingMessage, json: unknown): never {
    const refused = refusal.safeParse(json);
    if (refused.success) throw new ControlRefusal(refused.data);
    throw this.#notRunning(`The answer (status ${statusCode}) is none of a bridge of this version.`);
  }

  async #jsonOf(answer: IncomingMessage): Promise<unknown> {
    try {
      return parseJson(await readBounded(answer, maxAnswerBytes));
    } catch (thrown) {
      throw this.#notRunning(`${messageOf(thrown)}.`);
    }
  }

  async #answered(path: string, body: unknown, timeoutMs: number): Promise<IncomingMessage> {
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
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
