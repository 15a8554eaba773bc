/**
 * Whether a file holds one picture and no more, as far as its own bytes tell: a page, a frame or a layer must not get
 * lost because only the first is made into something else. What is in doubt counts as more.
 */

/** So many bytes of the file, from there on; fewer at its end. */
export type Peek = (offset: number, length: number) => Promise<Buffer>;

/** `mimeType` is in lower case, without parameters. Frames of a GIF are not counted. */
export async function isOnePicture(mimeType: string, peek: Peek): Promise<boolean> {
  if (mimeType === 'image/webp') return isStillWebp(await peek(0, 21));
  if (mimeType === 'image/avif') return isPlainAvif(await peek(0, avifHeadBytes));
  return mimeType !== 'image/tiff' || (await isOnePage(peek));
}

/** RFC 9649, "Extended File Format": the flag of an animation. */
const isStillWebp = (head: Buffer): boolean =>
  head.toString('latin1', 12, 16) !== 'VP8X' || ((head[20] ?? 0xff) & 0x02) === 0;

const avifHeadBytes = 16 * 1024;
/** A sequence; pieces, layers and masks that make up the picture; a turn that older programs do not make. */
const moreThanPlain = ['avis', 'grid', 'iovl', 'auxl', 'irot', 'imir'];
const isPlainAvif = (head: Buffer): boolean => !moreThanPlain.some((name) => head.includes(name, 0, 'latin1'));

const entryBytes = 12;

/** TIFF 6.0, section 2: a directory ends with the offset of the next, or 0. */
async function isOnePage(peek: Peek): Promise<boolean> {
  const head = await peek(0, 8);
  const order = head.toString('latin1', 0, 2);
  if (head.length < 8 || (order !== 'II' && order !== 'MM')) return false;
  const number = (bytes: Buffer, at: number, size: number): number =>
    order === 'II' ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  if (number(head, 2, 2) !== 42) return false;
  const offset = number(head, 4, 4);
  const count = await peek(offset, 2);
  if (count.length < 2) return false;
  const next = await peek(offset + 2 + number(count, 0, 2) * entryBytes, 4);
  return next.length === 4 && number(next, 0, 4) === 0;
}
