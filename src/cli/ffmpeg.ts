/** The program that makes files into types that networks take: where it is, and whether it does what is asked of it. */
import { Readable } from 'node:stream';
import { ChanceryError, messageOf } from '../base/errors.ts';
import { findProgram, isProgram, throughProgram } from '../base/piped-program.ts';
import { sourceOf, transcodeArguments } from '../bridge/ffmpeg.ts';
import type { Config } from '../config/schema.ts';
import type { MediaKind, TranscodedType } from '../model/content.ts';
import { type Finding, good, warning } from '../model/finding.ts';

const check = 'media.ffmpeg';
const withinMs = 20_000;
const without =
  'Pictures and voice messages of types that a network does not take go as documents or audio, and senders are told.';

/** The absolute path of ffmpeg: the configured one, else the first on the search path; undefined where there is none. */
export async function ffmpegOf(
  { media }: Pick<Config, 'media'>,
  searchPath = process.env['PATH'],
): Promise<string | undefined> {
  const { ffmpeg } = media;
  if (ffmpeg === 'off') return undefined;
  if (ffmpeg === undefined) return findProgram('ffmpeg', searchPath);
  return (await isProgram(ffmpeg)) ? ffmpeg : undefined;
}

/** Has it make a picture and a second of speech. */
export async function examineFfmpeg(config: Pick<Config, 'media'>): Promise<Finding> {
  if (config.media.ffmpeg === 'off') return good(check, `ffmpeg is switched off. ${without}`);
  const program = await ffmpegOf(config);
  if (program === undefined) {
    const where = config.media.ffmpeg === undefined ? 'on the search path' : 'where media.ffmpeg says';
    const advice = 'Install ffmpeg 5.1 or later and restart the bridge, or set media.ffmpeg to its path or to off.';
    return warning(check, `There is no ffmpeg ${where}. ${without}`, advice);
  }
  try {
    const version = await versionOf(program);
    for (const { kind, from, to, bytes } of trials) await tryOut(program, kind, from, to, bytes);
    return good(check, `ffmpeg ${version} makes JPEG, PNG and Ogg Opus.`);
  } catch (thrown) {
    const advice =
      'Install an ffmpeg of 5.1 or later that can write mjpeg, png and libopus, or set media.ffmpeg to off.';
    return warning(check, `ffmpeg does not do what is asked of it. ${messageOf(thrown)} ${without}`, advice);
  }
}

async function versionOf(program: string): Promise<string> {
  const said = (await outputOf(program, ['-version'], new Uint8Array())).toString('latin1');
  return /^ffmpeg version ([\w.+~:-]{1,80})/u.exec(said)?.[1] ?? 'of an unknown version';
}

/** One point of a picture, which can be seen through. */
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const trials: readonly { kind: MediaKind; from: string; to: TranscodedType; bytes: Uint8Array }[] = [
  { kind: 'image', from: 'image/gif', to: 'image/jpeg', bytes: gif },
  { kind: 'image', from: 'image/gif', to: 'image/png', bytes: gif },
  { kind: 'voice', from: 'audio/wav', to: 'audio/ogg', bytes: silence() },
];

async function tryOut(
  program: string,
  kind: MediaKind,
  from: string,
  to: TranscodedType,
  bytes: Uint8Array,
): Promise<void> {
  const source = sourceOf(kind, from);
  if (source !== undefined) await outputOf(program, transcodeArguments(source, bytes.length, to), bytes);
}

async function outputOf(program: string, args: readonly string[], bytes: Uint8Array): Promise<Buffer> {
  const signal = AbortSignal.timeout(withinMs);
  const pieces: Uint8Array[] = [];
  for await (const piece of throughProgram({ program, args, input: () => Readable.from([bytes]), withinMs, signal }))
    pieces.push(piece);
  if (pieces.length === 0) throw new ChanceryError('CH-PROGRAM-FAILED', { detail: 'It wrote nothing.' });
  return Buffer.concat(pieces);
}

/** A second in the format WAVE: 8,000 samples of 8 bits. */
function silence(): Uint8Array {
  const samples = 8_000;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  for (const [at, value] of [
    [16, 16],
    [24, samples],
    [28, samples],
    [40, samples],
  ] as const)
    head.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ] as const)
    head.writeUInt16LE(value, at);
  head.write('data', 36, 'latin1');
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}
