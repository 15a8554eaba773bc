/** What Meta takes as media: types, sizes, and which kind of message may carry which. Sizes are in bytes. */
const mebibyte = 1024 * 1024;

export const largestUpload = 100 * mebibyte;

const types = {
  audio: ['audio/aac', 'audio/mp4', 'audio/mpeg', 'audio/amr', 'audio/ogg', 'audio/opus'],
  document: [
    'application/vnd.ms-powerpoint',
    'application/msword',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/pdf',
    'text/plain',
    'application/vnd.ms-excel',
  ],
  image: ['image/jpeg', 'image/png'],
  sticker: ['image/webp'],
  video: ['video/mp4', 'video/3gpp'],
} as const;

export type MediaKind = keyof typeof types;

const limits: Record<MediaKind, number> = {
  audio: 16 * mebibyte,
  document: largestUpload,
  image: 5 * mebibyte,
  sticker: mebibyte / 2,
  video: 16 * mebibyte,
};

const kinds = ['audio', 'document', 'image', 'sticker', 'video'] as const;

export const isMediaKind = (type: string): type is MediaKind => kinds.some((kind) => kind === type);

/** Without parameters such as `; codecs=opus`. */
const bare = (mime: string): string => (mime.split(';')[0] ?? '').trim().toLowerCase();

/** The kind that a type belongs to, or undefined when Meta does not know the type. */
export function kindOf(mime: string): MediaKind | undefined {
  return kinds.find((kind) => types[kind].some((type) => type === bare(mime)));
}

/** A document may be of every type that is taken at all. */
export function canCarry(kind: MediaKind, mime: string): boolean {
  return kind === 'document' || kindOf(mime) === kind;
}

export const sizeLimit = (mime: string): number => limits[kindOf(mime) ?? 'document'];

export const everyType: string = [types.audio, types.document, types.image, types.sticker, types.video]
  .flat()
  .join(', ');
