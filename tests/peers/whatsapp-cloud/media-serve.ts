/** Streams the bytes of a medium, whole, spoilt or cut off, and resolves when the client has them or is gone. */
import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StoredMedia } from './media-files.ts';

export type Spoiling = 'none' | 'wrong-bytes' | 'cut';

/** True when every byte was handed over. */
export async function streamMedia(response: ServerResponse, media: StoredMedia, spoiling: Spoiling): Promise<boolean> {
  response.writeHead(200, { 'content-type': media.mime, 'content-length': media.bytes });
  const end = spoiling === 'cut' ? Math.max(0, Math.floor(media.bytes / 2) - 1) : media.bytes;
  const source = createReadStream(media.path, { end, highWaterMark: 256 * 1024 });
  try {
    if (spoiling === 'cut') {
      await pipeline(source, response, { end: false });
      response.destroy();
      return false;
    }
    if (spoiling === 'wrong-bytes') await pipeline(source, firstByteFlipped(), response);
    else await pipeline(source, response);
    return true;
  } catch {
    return false;
  }
}

function firstByteFlipped(): Transform {
  let first = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const spoilt = Buffer.from(chunk);
      if (first && spoilt.length > 0) spoilt[0] = (spoilt[0] ?? 0) ^ 0xff;
      first = false;
      done(null, spoilt);
    },
  });
}
