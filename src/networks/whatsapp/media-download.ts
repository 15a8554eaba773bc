/**
 * A file of a contact: WhatsApp is asked where it is, then it is fetched from there, with the same token. Addresses
 * expire within minutes; one that does not work any more is asked for once again.
 */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { callTimer } from '../../base/call-timer.ts';
import { ChanceryError } from '../../base/errors.ts';
import { type HttpClient, NoAnswer, type StreamedAnswer } from '../../base/http-client.ts';
import type { NetworkContext } from '../contract.ts';
import type { GraphProblem, GraphResult } from './graph.ts';

export interface Download {
  readonly http: HttpClient;
  readonly authorization: Readonly<Record<string, string>>;
  /** Asks for the address of the file with this id. */
  readonly lookUp: (id: string) => Promise<GraphResult>;
  readonly onCall: NetworkContext['onCall'];
  readonly signal: AbortSignal;
}

const idleMs = 60_000;
const addressShape = z.looseObject({ url: z.url({ protocol: /^https?$/ }) });
const expired: ReadonlySet<number> = new Set([403, 404, 410]);
/** A token that is not valid, or too much that was asked: nothing is wrong with this file. */
const concernsAll: ReadonlySet<number> = new Set([401, 429]);
const gone: ReadonlySet<number> = new Set([404, 410]);

/**
 * Throws `CH-MEDIA-GONE` when the file is lost for good, `CH-MEDIA-TROUBLE` when WhatsApp answers and does not hand it
 * over, `CH-NETWORK-UNREACHABLE` when everything has to wait.
 */
export async function fetchFile(id: string, download: Download): Promise<Readable> {
  const file = (await attempt(id, download)) ?? (await attempt(id, download));
  if (file === undefined) throw new ChanceryError('CH-MEDIA-GONE');
  return file;
}

/** Undefined when the address that WhatsApp gave does not work. */
async function attempt(id: string, download: Download): Promise<Readable | undefined> {
  const { status, body } = await stream(addressIn(await download.lookUp(id)), download);
  if (status === 200) return body;
  await body.dump();
  if (expired.has(status)) return undefined;
  const words = `The file was answered with ${status}.`;
  throw concernsAll.has(status) ? new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: words }) : trouble(words);
}

async function stream(url: string, { http, authorization, onCall, signal }: Download): Promise<StreamedAnswer> {
  const timer = callTimer((measured) => onCall('download', measured));
  try {
    const answer = await http.stream({ method: 'GET', url, headers: authorization, signal, timeoutMs: idleMs });
    timer.over(answer.status);
    return answer;
  } catch (thrown) {
    if (thrown instanceof NoAnswer) timer.over(undefined);
    // A host that the configuration does not name.
    else if (thrown instanceof ChanceryError) throw trouble(thrown.message);
    throw thrown;
  }
}

function addressIn(result: GraphResult): string {
  if (result.outcome === 'problem' && (result.kind === 'refused' || gone.has(result.status)))
    throw new ChanceryError('CH-MEDIA-GONE', { detail: result.words });
  const address = result.outcome === 'done' ? addressShape.safeParse(result.json).data : undefined;
  if (address !== undefined) return address.url;
  if (
    result.outcome === 'unreachable' ||
    result.outcome === 'unknown' ||
    (result.outcome === 'problem' && mustWait(result))
  )
    throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: result.words });
  throw trouble(result.outcome === 'problem' ? result.words : 'WhatsApp named no address of the file.');
}

const mustWait = ({ kind }: GraphProblem): boolean => kind === 'rate' || kind === 'account';

/** WhatsApp answers, but the file does not come. */
const trouble = (detail: string): ChanceryError => new ChanceryError('CH-MEDIA-TROUBLE', { detail });
