/** The addresses that media is fetched from: signed, and good for a few minutes only. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const mediaPath = '/whatsapp_business/attachments/';

export class MediaUrls {
  readonly #key = randomBytes(32);

  /** `expiresAt` in milliseconds since the epoch. */
  make(origin: string, mediaId: string, expiresAt: number): string {
    const query = new URLSearchParams({
      mid: mediaId,
      ext: String(expiresAt),
      hash: this.#hash(mediaId, String(expiresAt)),
    });
    return `${origin}${mediaPath}?${query.toString()}`;
  }

  /** The media id, or undefined when the address was not made here or is over. */
  read(query: URLSearchParams, now: number): string | undefined {
    const [mediaId = '', ext = '', hash = ''] = ['mid', 'ext', 'hash'].map((name) => query.get(name) ?? '');
    const right = Buffer.from(this.#hash(mediaId, ext));
    const given = Buffer.from(hash);
    if (right.length !== given.length || !timingSafeEqual(right, given)) return undefined;
    return Number(ext) > now ? mediaId : undefined;
  }

  #hash(mediaId: string, ext: string): string {
    return createHmac('sha256', this.#key).update(`${mediaId}/${ext}`).digest('base64url');
  }
}
