/**
 * What ffmpeg (5.1 or later) is told for each type of file. It reads one pipe and writes another; it may use one
 * demuxer and the few decoders that the type needs, no protocol but pipes, one thread, and so many pixels and bytes.
 * The first thing that it cannot read ends it: half a file is not a file.
 */
import type { MediaKind, TranscodedType } from '../model/content.ts';

/** How a type is read. */
export interface Source {
  /** ffmpeg's names. */
  readonly demuxer: string;
  readonly decoders: readonly string[];
}

const opusOrVorbis = ['libopus', 'opus', 'libvorbis', 'vorbis'];
const pcm = ['pcm_s16le', 'pcm_u8', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_alaw', 'pcm_mulaw'];
const mp4: Source = { demuxer: 'mov', decoders: ['aac', 'alac'] };
const mp3: Source = { demuxer: 'mp3', decoders: ['mp3float', 'mp3'] };
const wav: Source = { demuxer: 'wav', decoders: pcm };
const webm: Source = { demuxer: 'matroska', decoders: opusOrVorbis };
const flac: Source = { demuxer: 'flac', decoders: ['flac'] };
const bmp: Source = { demuxer: 'bmp_pipe', decoders: ['bmp'] };

const images: Readonly<Record<string, Source>> = {
  'image/webp': { demuxer: 'webp_pipe', decoders: ['webp'] },
  'image/gif': { demuxer: 'gif', decoders: ['gif'] },
  'image/avif': { demuxer: 'mov', decoders: ['libdav1d', 'libaom-av1', 'av1'] },
  'image/bmp': bmp,
  'image/x-ms-bmp': bmp,
  'image/tiff': { demuxer: 'tiff_pipe', decoders: ['tiff'] },
};

const speech: Readonly<Record<string, Source>> = {
  'audio/aac': { demuxer: 'aac', decoders: ['aac'] },
  'audio/amr': { demuxer: 'amr', decoders: ['amrnb', 'libopencore_amrnb', 'amrwb', 'libopencore_amrwb'] },
  'audio/flac': flac,
  'audio/m4a': mp4,
  'audio/mp3': mp3,
  'audio/mp4': mp4,
  'audio/mpeg': mp3,
  'audio/opus': { demuxer: 'ogg', decoders: opusOrVorbis },
  'audio/wav': wav,
  'audio/wave': wav,
  'audio/vnd.wave': wav,
  'audio/webm': webm,
  'audio/x-flac': flac,
  'audio/x-m4a': mp4,
  'audio/x-wav': wav,
  'video/webm': webm,
};

/** How a file of this type (lower case, no parameters) is read to be made into another of its kind. */
export function sourceOf(kind: MediaKind, mimeType: string): Source | undefined {
  const known = kind === 'image' ? images : kind === 'voice' ? speech : {};
  return Object.hasOwn(known, mimeType) ? known[mimeType] : undefined;
}

const maxPixels = 36_000_000;
const maxBlockBytes = 256 * 1024 * 1024;
/** Of processor time: the kernel ends it then, even when nobody is left to do so. */
const cpuSeconds = 60;

/** The first frames of a picture as squares that show what can be seen through: one byte for each pixel, 255 opaque. */
export const lookSide = 64;
const maxFrames = 2;
export const lookBytes = { one: lookSide ** 2, most: maxFrames * lookSide ** 2 } as const;

/** Writes up to two squares: a second one says that the picture moves. */
export const lookArguments = (source: Source, sizeBytes: number): readonly string[] => [
  ...reading(source, sizeBytes),
  ...['-map', '0:v:0', '-an', '-sn', '-dn', '-frames:v', String(maxFrames), '-fps_mode', 'passthrough'],
  ...['-vf', `scale=${lookSide}:${lookSide}:flags=area,format=rgba,alphaextract,format=gray`],
  ...['-threads', '1', '-f', 'rawvideo', 'pipe:1'],
];

const pictures = ['-map', '0:v:0', '-an', '-sn', '-dn', '-map_metadata', '-1', '-frames:v', '1'];
const sounds = ['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'];

const writing: Readonly<Record<TranscodedType, readonly string[]>> = {
  'image/jpeg': [...pictures, '-vf', 'format=yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2pipe'],
  'image/png': [...pictures, '-vf', 'format=rgba', '-c:v', 'png', '-f', 'image2pipe'],
  'audio/ogg': [...sounds, '-ac', '1', '-ar', '48000', '-c:a', 'libopus', '-b:a', '32k', '-f', 'ogg'],
};

/** Writes the file in its new type; nothing of what the old one said about itself. */
export const transcodeArguments = (source: Source, sizeBytes: number, type: TranscodedType): readonly string[] => [
  ...reading(source, sizeBytes),
  ...writing[type],
  ...['-threads', '1', 'pipe:1'],
];

function reading({ demuxer, decoders }: Source, sizeBytes: number): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'quiet', '-xerror', '-abort_on', 'empty_output'],
    ...['-timelimit', String(cpuSeconds), '-max_alloc', String(maxBlockBytes), '-filter_threads', '1'],
    ...['-threads', '1', '-max_pixels', String(maxPixels), '-protocol_whitelist', 'pipe'],
    ...['-format_whitelist', demuxer, '-codec_whitelist', decoders.join(','), '-f', demuxer],
    // This one alone has to be told where a picture ends.
    ...(demuxer === 'tiff_pipe' ? ['-frame_size', String(sizeBytes)] : []),
    ...['-i', 'pipe:0'],
  ];
}
