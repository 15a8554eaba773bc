/**
 * A file of a contact: WhatsApp is asked where it is, then it is fetched from there, with the same token. Addresses
 * expire within minutes; one that does not work any more is asked for once again.
 */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { ChanceryError } from '../../base/errors.ts';
import type { HttpClient } from '../../base/http-client.ts';
import type { GraphResult } from './graph.ts';

export interface Download {
  readonly http: HttpClient;
  readonly authorization: Readonly<Record<string, string>>;
  /** Asks for the address of the file with this id. */
  readonly lookUp: (id: string) => Promise<GraphResult>;
  readonly signal: AbortSignal;
}

const idleMs = 60_000;
const addressShape = z.looseObject({ url: z.url({ protocol: /^https?$/ }) });
const expired: ReadonlySet<number> = new Set([403, 404, 410]);
const gone: ReadonlySet<number> = new Set([404, 410]);

/** Throws `CH-MEDIA-GONE` when the file is lost for good, `CH-NETWORK-UNREACHABLE` when it may come another time. */
export async function fetchFile(id: string, download: Download): Promise<Readable> {
  const file = (await attempt(id, download)) ?? (await attempt(id, download));
  if (file === undefined) throw new ChanceryError('CH-MEDIA-GONE');
  return file;
}

/** Undefined when the address that WhatsApp gave does not work. */
async function attempt(id: string, { http, authorization, lookUp, signal }: Download): Promise<Readable | undefined> {
  const { status, body } = await http.stream({
    method: 'GET',
    url: addressIn(await lookUp(id)),
    headers: authorization,
    signal,
    timeoutMs: idleMs,
  });
  if (status === 200) return body;
  await body.dump();
  if (expired.has(status)) return undefined;
  throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail: `The file was answered with ${status}.` });
}

function addressIn(result: GraphResult): string {
  if (result.outcome === 'problem' && (result.kind === 'refused' || gone.has(result.status)))
    throw new ChanceryError('CH-MEDIA-GONE', { detail: result.words });
  const address = result.outcome === 'done' ? addressShape.safeParse(result.json).data : undefined;
  if (address !== undefined) return address.url;
  const detail = 'words' in result ? result.words : 'WhatsApp named no address of the file.';
  throw new ChanceryError('CH-NETWORK-UNREACHABLE', { detail });
}
