/**
 * An official of any homeserver, spoken as with a token of their own, by the client library that Element is made of. It
 * is loaded only when there is such an official.
 */
import type { Logger } from 'matrix-js-sdk/lib/logger.js';
import { messageOf } from '../base/errors.ts';
import { type HttpClient, NoAnswer } from '../base/http-client.ts';
import { asId, type EventId, type UserId } from '../model/ids.ts';
import { HomeserverError, refusalOf } from './homeserver-error.ts';
import { isJsonObject } from './json-object.ts';
import type { Puppet } from './puppet.ts';

export interface OwnToken {
  readonly user: UserId;
  /** Base URL of the user's homeserver; one that `http` may reach. */
  readonly url: string;
  readonly token: string;
}

const nothing = (): void => undefined;
const silent: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  getChild: () => silent,
};
const withinMs = 30_000;

/** Throws `HomeserverError`: of kind `permanent` when the token is not that user's. */
export async function tokenPuppet({ user, url, token }: OwnToken, http: HttpClient): Promise<Puppet> {
  const { createClient } = await import('matrix-js-sdk');
  const client = createClient({
    baseUrl: url,
    accessToken: token,
    userId: user,
    logger: silent,
    fetchFn: fetchThrough(http),
  });
  const { user_id: owner } = await failing('whoami', () => client.whoami());
  if (owner !== user)
    throw new HomeserverError({
      kind: 'permanent',
      status: 403,
      place: url,
      detail: `The token is not one of ${user}.`,
    });
  return {
    user,
    join: async (room) => {
      await failing('join', () => client.joinRoom(room));
    },
    send: async ({ room, type, content, transactionId }) => {
      const sent = await failing('send', () => client.sendEvent(room, type as never, content as never, transactionId));
      return asId<EventId>(sent.event_id);
    },
  };
}

async function failing<Answer>(place: string, request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (thrown) {
    const status = isJsonObject(thrown) ? thrown['httpStatus'] : undefined;
    if (typeof status === 'number' && thrown instanceof Error && 'data' in thrown)
      throw refusal(place, refusalOf(place, { status, json: thrown.data, retryAfterMs: undefined }));
    throw new HomeserverError({ kind: 'unreachable', place, detail: messageOf(thrown), cause: thrown });
  }
}

/** A token that is not known is one that was logged out, and no fault of the registration. */
function refusal(place: string, failure: HomeserverError): HomeserverError {
  if (failure.status !== 401) return failure;
  return new HomeserverError({ kind: 'permanent', status: 401, place, detail: failure.detail ?? 'It answered 401.' });
}

/** Only configured hosts are reached, and answers are bounded. */
const fetchThrough =
  (http: HttpClient): typeof fetch =>
  async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = Object.fromEntries(new Headers(init.headers));
    try {
      const { status, json } = await http.call({
        method: (init.method ?? 'GET') as 'GET' | 'POST' | 'PUT',
        url,
        headers,
        timeoutMs: withinMs,
        ...(typeof init.body === 'string' ? { body: init.body } : {}),
      });
      return new Response(JSON.stringify(json ?? {}), { status, headers: { 'content-type': 'application/json' } });
    } catch (thrown) {
      if (thrown instanceof NoAnswer) throw new TypeError(thrown.message, { cause: thrown });
      throw thrown;
    }
  };
