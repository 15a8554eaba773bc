/** A file that a record names, as the bridge hands it to an officer: from its own homeserver, and never whole in memory. */
import { pipeline, type Readable, Transform } from 'node:stream';
import { ChanceryError } from '../base/errors.ts';
import type { Acting } from '../matrix/acting.ts';
import type { Homeserver } from '../matrix/homeserver.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { ContentUri } from '../model/ids.ts';

/** Where the homeserver names no limit: what the bridge takes of an official at most. */
const assumedLimitBytes = 100 * 1024 * 1024;
/** The homeserver answers for another one that did not give it the file, or to which it never came. */
const notFromElsewhere = new Set([502, 504]);

export interface MediaHolder {
  readonly homeserver: Pick<Homeserver, 'downloadMedia' | 'mediaLimitBytes'>;
  readonly bot: Acting;
}

/**
 * The file at this address, which must be consumed or destroyed. `bytes`: how long it is on record.
 * Throws `CH-MEDIA-GONE` when the homeserver answers that it cannot hand it over, `CH-MEDIA-TOO-LARGE` when it is larger
 * than what the homeserver takes at most, and `HomeserverError` when it may be had later.
 */
export async function handedMedia({ homeserver, bot }: MediaHolder, uri: ContentUri, bytes: number): Promise<Readable> {
  const limit = (await homeserver.mediaLimitBytes()) ?? assumedLimitBytes;
  const tooLarge = (): ChanceryError =>
    new ChanceryError('CH-MEDIA-TOO-LARGE', { detail: `At most ${limit} bytes are handed over.` });
  if (bytes > limit) throw tooLarge();
  const { stream, sizeBytes = 0 } = await homeserver.downloadMedia(bot, uri).catch(goneOr);
  if (sizeBytes <= limit) return cutAt(limit, stream, tooLarge);
  // What is thrown away of it is of no interest.
  stream.on('error', () => undefined).destroy();
  throw tooLarge();
}

function goneOr(thrown: unknown): never {
  const isGone =
    thrown instanceof HomeserverError &&
    (thrown.kind === 'permanent' || (thrown.kind === 'again' && notFromElsewhere.has(thrown.status)));
  throw isGone ? new ChanceryError('CH-MEDIA-GONE', { detail: thrown.detail ?? '', cause: thrown }) : thrown;
}

/** Breaks off where more comes than was announced. */
function cutAt(limit: number, stream: Readable, tooLarge: () => ChanceryError): Readable {
  let sent = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      sent += chunk.length;
      if (sent > limit) done(tooLarge());
      else done(null, chunk);
    },
  });
  // Whoever reads it meets what went wrong.
  pipeline(stream, counted, () => undefined);
  return counted;
}
