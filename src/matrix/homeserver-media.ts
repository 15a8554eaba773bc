/**
 * Files on the homeserver: an address is reserved first and the file uploaded to it later (client-server API, "Async
 * uploads"), so that both can be repeated; files pass as streams and are never whole in memory.
 */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { ContentUri } from '../model/ids.ts';
import type { Acting } from './acting.ts';
import { contentUriParts, readContentUri } from './content-uri.ts';
import { HomeserverError } from './homeserver-error.ts';
import type { Requests } from './requests.ts';
import { path } from './url-path.ts';

export interface MediaUpload {
  readonly sizeBytes: number;
  readonly mimeType: string;
  readonly fileName?: string;
  readonly signal?: AbortSignal;
}

export interface DownloadedMedia {
  readonly stream: Readable;
  readonly mimeType?: string;
  readonly sizeBytes?: number;
}

/** How long a transfer may stand still. */
const idleMs = 60_000;
const limitKnownForMs = 3_600_000;

export class HomeserverMedia {
  readonly #requests: Requests;
  #limit: { readonly bytes: number | undefined; readonly askedAt: number } | undefined;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  async reserve(as: Acting): Promise<ContentUri> {
    const shape = z.object({ content_uri: z.string().transform(requireContentUri) });
    const ask = { as, method: 'POST', path: path`/_matrix/media/v1/create`, body: {} } as const;
    return (await this.#requests.ask(shape, ask)).content_uri;
  }

  async upload(as: Acting, uri: ContentUri, file: Readable, upload: MediaUpload): Promise<void> {
    const { server, id } = contentUriParts(uri);
    const { sizeBytes, mimeType, fileName, signal } = upload;
    try {
      const answer = await this.#requests.stream({
        as,
        method: 'PUT',
        path: path`/_matrix/media/v3/upload/${server}/${id}`,
        query: { filename: fileName },
        headers: { 'Content-Type': mimeType, 'Content-Length': String(sizeBytes) },
        body: file,
        signal,
        idleMs,
      });
      await answer.body.dump();
    } catch (thrown) {
      if (thrown instanceof HomeserverError && thrown.errcode === 'M_CANNOT_OVERWRITE_MEDIA') return;
      throw thrown;
    }
  }

  /** Authenticated media (MSC3916). A homeserver that answers with a redirect is not followed. */
  async download(as: Acting, uri: ContentUri, signal?: AbortSignal): Promise<DownloadedMedia> {
    const { server, id } = contentUriParts(uri);
    const { headers, body } = await this.#requests.stream({
      as,
      method: 'GET',
      path: path`/_matrix/client/v1/media/download/${server}/${id}`,
      signal,
      idleMs,
    });
    const mimeType = headers['content-type'];
    const sizeBytes = Number(headers['content-length']);
    return {
      stream: body,
      ...(typeof mimeType === 'string' ? { mimeType } : {}),
      ...(Number.isSafeInteger(sizeBytes) ? { sizeBytes } : {}),
    };
  }

  /** Client-server API, `GET /media/config`; asked again after an hour. */
  async limitBytes(): Promise<number | undefined> {
    if (this.#limit === undefined || Date.now() - this.#limit.askedAt > limitKnownForMs) {
      const shape = z.object({ 'm.upload.size': z.number().optional() });
      const ask = { as: undefined, method: 'GET', path: path`/_matrix/client/v1/media/config` } as const;
      const answer = await this.#requests.ask(shape, ask);
      this.#limit = { bytes: answer['m.upload.size'], askedAt: Date.now() };
    }
    return this.#limit.bytes;
  }
}

function requireContentUri(text: string, context: z.RefinementCtx): ContentUri {
  const uri = readContentUri(text);
  if (uri !== undefined) return uri;
  context.addIssue('not a content URI');
  return z.NEVER;
}
