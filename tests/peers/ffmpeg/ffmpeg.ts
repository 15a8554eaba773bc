/** A real ffmpeg that makes files for tests, and tells what a file is: what was made is judged by it, not by the bridge. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installFfmpeg } from './install.ts';

export interface Told {
  /** Such as `mjpeg` or `opus`. */
  readonly codec: string;
  /** What ffmpeg says of the first stream. */
  readonly words: string;
  /** Whole seconds that were decoded. */
  readonly seconds: number | undefined;
}

export class Ffmpeg {
  /** The program. */
  readonly path: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'ffmpeg-'));
  #files = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async installed(): Promise<Ffmpeg> {
    return new Ffmpeg(await installFfmpeg());
  }

  /** A file with this ending; `source` is one of ffmpeg's own (`lavfi`). Resolves to its path. */
  async file(source: string, ending: string, options: readonly string[] = []): Promise<string> {
    this.#files += 1;
    const path = join(this.#directory, `${this.#files}.${ending}`);
    await promisify(execFile)(this.path, ['-loglevel', 'error', '-f', 'lavfi', '-i', source, ...options, path]);
    return path;
  }

  async bytes(source: string, ending: string, options: readonly string[] = []): Promise<Buffer> {
    return readFileSync(await this.file(source, ending, options));
  }

  /** Decodes the whole file. Throws when there is anything in it that cannot be decoded. */
  tell(bytes: Uint8Array): Told {
    const { stderr, status } = spawnSync(this.path, ['-xerror', '-i', 'pipe:0', '-f', 'null', '-'], { input: bytes });
    const said = stderr.toString();
    if (status !== 0) throw new Error(`ffmpeg cannot decode it:\n${said.slice(-1_000)}`);
    const [, words = '', codec = ''] = /Stream #0:0[^:]*: (?:Video|Audio): ((\w+).*)/u.exec(said) ?? [];
    const [, minutes, seconds] = /.*time=\d+:(\d+):(\d+)/su.exec(said) ?? [];
    return { codec, words, seconds: seconds === undefined ? undefined : Number(minutes) * 60 + Number(seconds) };
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
