/**
 * matrix-bot-sdk's requests, carried by our HTTP client through the SDK's own extension point. The token travels in
 * the header only, the device also by its stable name (MSC4326), every failure is a HomeserverError, and the SDK logs
 * nothing: it would write bodies.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type ILogger, LogService, setRequestFn } from '@vector-im/matrix-bot-sdk';
import { messageOf } from '../base/errors.ts';
import { type HttpCall, type HttpClient, NoAnswer } from '../base/http-client.ts';
import { HomeserverError, refusalOf } from './homeserver-error.ts';
import { readAnswer } from './read-answer.ts';

/** Whose connection carries a request. The SDK knows one request function for the whole process. */
interface Carrier {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

/** What matrix-bot-sdk hands to a function compatible with `request`. */
interface SdkRequest {
  readonly uri: string;
  readonly method: HttpCall['method'];
  readonly qs: Readonly<Record<string, string | number>> | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeout: number;
}

interface SdkAnswer {
  readonly statusCode: number;
  readonly body: unknown;
  readonly failure: HomeserverError | undefined;
}

type SdkCallback = (error: unknown, answer?: SdkAnswer, body?: unknown) => void;

const carriers = new AsyncLocalStorage<Carrier>();
const unstableDevice = 'org.matrix.msc3202.device_id';

/** Runs a request of the SDK over this connection. */
export function carriedBy<Result>(carrier: Carrier, request: () => Promise<Result>): Promise<Result> {
  return carriers.run(carrier, request);
}

/** For `doRequest`: without it the SDK takes any body with a member `errcode`, such as a state event, for an error. */
export const failureOf = ({ failure }: SdkAnswer): HomeserverError | undefined => failure;

export function installTransport(): void {
  setRequestFn(carry);
  LogService.setLogger(silence);
}

/** No answer, or none that could be read to its end. */
export function unreachable(place: string, cause: unknown): HomeserverError {
  const detail = cause instanceof NoAnswer ? cause.detail : messageOf(cause);
  return new HomeserverError({ kind: 'unreachable', place, cause, ...(detail === undefined ? {} : { detail }) });
}

function carry(request: SdkRequest, callback: SdkCallback): void {
  const carrier = carriers.getStore();
  const place = `${request.method} ${new URL(request.uri).pathname}`;
  if (carrier === undefined) callback(unreachable(place, new Error('only Homeserver makes requests')));
  else
    exchange(carrier, request, place).then(
      (answer) => callback(null, answer, answer.body),
      (thrown: unknown) => callback(unreachable(place, thrown)),
    );
}

async function exchange({ http, signal }: Carrier, request: SdkRequest, place: string): Promise<SdkAnswer> {
  const { uri, method, qs, headers, body, timeout } = request;
  const url = new URL(uri);
  for (const [key, value] of Object.entries(qs ?? {})) url.searchParams.set(key, String(value));
  const device = url.searchParams.get(unstableDevice);
  if (device !== null) url.searchParams.set('device_id', device);
  const streamed = await http.stream({
    method,
    url: url.href,
    headers,
    signal,
    timeoutMs: timeout,
    ...(body === undefined ? {} : { body }),
  });
  const answer = await readAnswer(streamed);
  const failure = answer.status >= 200 && answer.status < 300 ? undefined : refusalOf(place, answer);
  // The failure says it all. The SDK would walk through the body of one for its log, however deep it is.
  return { statusCode: answer.status, body: failure === undefined ? answer.json : undefined, failure };
}

const ignore = (): void => undefined;
const silence: ILogger = { info: ignore, warn: ignore, error: ignore, debug: ignore, trace: ignore };
