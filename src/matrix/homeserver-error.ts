/** What a request to the homeserver can fail with, sorted by what the caller can do about it. */
import { ChanceryError, type ErrorDetail } from '../base/errors.ts';
import type { HttpAnswer } from '../base/http-client.ts';
import { stringMember } from './json-object.ts';

/**
 * - `unreachable`: no answer, a connection cut, or a gateway's answer in its stead: everything waits, nothing is wrong
 *   with this request. It may have been carried out all the same.
 * - `again`: the homeserver answered and asks for patience (429, 5xx), does not know our token for now (401: somebody
 *   has to mend the registration, and no message may be lost over that), or said what nobody understands.
 * - `permanent`: another 3xx or 4xx: the same request will be refused again.
 */
export type FailureKind = 'unreachable' | 'again' | 'permanent';

interface Failure extends ErrorDetail {
  readonly kind: FailureKind;
  readonly status?: number;
  readonly errcode?: string;
  readonly retryAfterMs?: number;
}

const maxWordsLength = 200;

/** Code `CH-HOMESERVER-UNREACHABLE` for `unreachable`, `CH-HOMESERVER-REFUSED` otherwise. */
export class HomeserverError extends ChanceryError {
  readonly kind: FailureKind;
  /** The homeserver's own code, such as `M_FORBIDDEN`. */
  readonly errcode: string | undefined;
  /** How long the homeserver asks to wait. */
  readonly retryAfterMs: number | undefined;
  readonly #status: number;

  constructor({ kind, status = 503, errcode, retryAfterMs, ...detail }: Failure) {
    super(kind === 'unreachable' ? 'CH-HOMESERVER-UNREACHABLE' : 'CH-HOMESERVER-REFUSED', detail);
    this.kind = kind;
    this.errcode = errcode;
    this.retryAfterMs = retryAfterMs;
    this.#status = status;
  }

  /** HTTP status of the homeserver's answer; 503 when there was none. */
  override get status(): number {
    return this.#status;
  }
}

/** The failure that an answer outside 2xx is. `place` is method and path, without the query. */
export function refusalOf(place: string, { status, json, retryAfterMs }: HttpAnswer): HomeserverError {
  const errcode = stringMember(json, 'errcode');
  const words = stringMember(json, 'error')?.slice(0, maxWordsLength);
  return new HomeserverError({
    kind: kindOf(status, errcode),
    place,
    detail: `It answered ${[String(status), errcode, words].filter((word) => word !== undefined).join(' ')}.`,
    status,
    ...(errcode === undefined ? {} : { errcode }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A gateway has no `errcode`; it answers 404 while its route to the homeserver is gone. */
const gatewayStatuses = new Set([404, 502, 503, 504]);

function kindOf(status: number, errcode: string | undefined): FailureKind {
  if (errcode === undefined && gatewayStatuses.has(status)) return 'unreachable';
  return status === 401 || status === 408 || status === 429 || status >= 500 ? 'again' : 'permanent';
}
