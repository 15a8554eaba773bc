/**
 * The heads of the ledger outside, in a folder and at a URL: whoever keeps them there can tell when the ledger is made
 * smaller or another. Putting them there is best effort, and what could not be put is made good by the next head.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from '../base/answer-body.ts';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { HttpClient } from '../base/http-client.ts';
import type { Log } from '../base/logging.ts';
import { replaceFile } from '../vault/replace-file.ts';

/** One place outside. */
export interface HeadsPlace {
  /** The setting that names it, for people. */
  readonly setting: string;
  put(checkpoint: string): Promise<void>;
  /** Undefined where nothing was put yet. Throws `CH-LEDGER-OUTSIDE` when nobody answers, `CH-STORE-FAILED`. */
  get(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface HeadsAt {
  readonly url: string;
  /** Sent as bearer token. */
  readonly token: string | undefined;
  /** How long one request may take, in milliseconds. */
  readonly withinMs?: number;
}

const withinMs = 5_000;
const maxAnswerBytes = 65_536;

/** The name of a ledger as a part of the name of a file. */
export const fileName = (origin: string): string => origin.replaceAll('/', '-');

/** `origin` is the name of the ledger, from which the name of the file is made. */
export function headsFolder(folder: string, origin: string): HeadsPlace {
  const path = join(folder, `${fileName(origin)}.checkpoint`);
  return {
    setting: 'records.heads_directory',
    put: (checkpoint) => replaceFile(path, checkpoint),
    async get() {
      try {
        return await readFile(path, 'utf8');
      } catch (thrown) {
        if (systemCodeOf(thrown) === 'ENOENT') return undefined;
        throw new ChanceryError('CH-STORE-FAILED', { place: path, detail: messageOf(thrown), cause: thrown });
      }
    },
    close: async () => undefined,
  };
}

/** Redirects are not followed: the token is for this place only. */
export function headsUrl({ url, token, withinMs: limitMs = withinMs }: HeadsAt): HeadsPlace {
  const client = new HttpClient([url], { unreachable: 'CH-LEDGER-OUTSIDE', connections: 1 });
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async (method: 'GET' | 'PUT', checkpoint?: string): Promise<{ status: number; text: string }> => {
    const given = checkpoint === undefined ? {} : { body: checkpoint };
    const headers = { ...authorization, ...(checkpoint === undefined ? {} : { 'content-type': 'text/plain' }) };
    // Of the whole exchange: somebody who answers one byte a second is too late as well.
    const signal = AbortSignal.timeout(limitMs);
    const { status, body } = await client.stream({ method, url, headers, signal, ...given });
    try {
      return { status, text: (await readBounded(body, maxAnswerBytes)).toString() };
    } catch (thrown) {
      throw trouble(messageOf(thrown));
    }
  };
  return {
    setting: 'records.heads_url',
    async put(checkpoint) {
      const { status } = await ask('PUT', checkpoint);
      if (!isGood(status)) throw trouble(`It answered with status ${status}.`);
    },
    async get() {
      const { status, text } = await ask('GET');
      if (status === 404 || status === 410 || status === 204) return undefined;
      if (!isGood(status)) throw trouble(`It answered with status ${status}.`);
      return text;
    },
    close: () => client.close(),
  };
}

const isGood = (status: number): boolean => status >= 200 && status < 300;

const trouble = (detail: string): ChanceryError =>
  new ChanceryError('CH-LEDGER-OUTSIDE', { place: 'records.heads_url', detail });

export class OutsideHeads {
  readonly #places: readonly HeadsPlace[];
  readonly #log: Log;
  /** Those that did not take the last head. */
  readonly #failing = new Set<HeadsPlace>();

  constructor(places: readonly HeadsPlace[], log: Log) {
    this.#places = places;
    this.#log = log;
  }

  /** Resolves when each place has it or has failed, which is told once until it takes one again. */
  async put(checkpoint: string): Promise<void> {
    await Promise.all(this.#places.map((place) => this.#putAt(place, checkpoint)));
  }

  /** What was put before. A place at a URL that does not answer is passed over. Throws `CH-STORE-FAILED`. */
  async known(): Promise<{ readonly setting: string; readonly note: string }[]> {
    const found = await Promise.all(
      this.#places.map(async (place) => {
        const note = await this.#noteAt(place);
        return note === undefined ? [] : [{ setting: place.setting, note }];
      }),
    );
    return found.flat();
  }

  async close(): Promise<void> {
    for (const place of this.#places) await place.close();
  }

  async #putAt(place: HeadsPlace, checkpoint: string): Promise<void> {
    const { setting } = place;
    try {
      await place.put(checkpoint);
    } catch (thrown) {
      if (this.#failing.has(place)) return;
      this.#failing.add(place);
      this.#log.error({ err: thrown, setting }, 'the head of the ledger could not be put outside');
      return;
    }
    if (this.#failing.delete(place)) this.#log.info({ setting }, 'the head of the ledger is outside again');
  }

  async #noteAt(place: HeadsPlace): Promise<string | undefined> {
    try {
      return await place.get();
    } catch (thrown) {
      if (!(thrown instanceof ChanceryError) || thrown.code !== 'CH-LEDGER-OUTSIDE') throw thrown;
      this.#log.warn(
        { err: thrown, setting: place.setting },
        'the head of the ledger could not be read outside: that the ledger became smaller would not be noticed there',
      );
      return undefined;
    }
  }
}
