/**
 * Another program as a piece of pipe: bytes go in at its standard input and come out at its standard output. No shell,
 * an empty environment, a bounded time; whatever happens, it is gone when the stream is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChanceryError, messageOf } from './errors.ts';

export interface PipedProgram {
  /** An absolute path: nothing is looked up. */
  readonly program: string;
  readonly args: readonly string[];
  /** Opened when the first byte is asked for, and always consumed or destroyed. */
  readonly input: () => Readable;
  /** Milliseconds after which it is killed. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/**
 * What the program writes. The last byte is followed by an error unless the program ended with exit code 0. Throws
 * `CH-PROGRAM-FAILED` (cannot be started, another exit code, killed, too slow), what the input failed with, and the
 * signal's reason. What it complains of is not read: that could hold what somebody said.
 */
export async function* throughProgram(task: PipedProgram): AsyncGenerator<Uint8Array, void, undefined> {
  const { program, input, withinMs, signal } = task;
  signal.throwIfAborted();
  const late = AbortSignal.timeout(withinMs);
  const over = AbortSignal.any([signal, late]);
  const failed = (detail: string): ChanceryError =>
    new ChanceryError('CH-PROGRAM-FAILED', { place: basename(program), detail });
  const child = begin(task, failed);
  const ended = endOf(child);
  const kill = (): void => killAll(child);
  over.addEventListener('abort', kill, { once: true });
  const source = input();
  const fed = feed(source, child);
  try {
    try {
      for await (const bytes of (child.stdout ?? []) as AsyncIterable<Uint8Array>) yield bytes;
    } catch {
      // It was killed, or never began: told below.
    }
    const end = await ended;
    signal.throwIfAborted();
    const trouble = await fed;
    if (trouble !== undefined) throw trouble.thrown;
    if (late.aborted) throw failed(`It took longer than ${Math.round(withinMs / 1_000)} s.`);
    if (end !== undefined) throw failed(end);
  } finally {
    over.removeEventListener('abort', kill);
    kill();
    source.destroy();
  }
}

function begin({ program, args }: PipedProgram, failed: (detail: string) => ChanceryError): ChildProcess {
  try {
    // A group of its own, so that what it may have started ends with it.
    return spawn(program, args, { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  } catch (thrown) {
    throw failed(messageOf(thrown));
  }
}

/** Resolves when it has ended, to what is wrong with how. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (thrown) => resolve(`${messageOf(thrown)}.`));
    child.once('exit', (code, killedBy) => {
      if (code === 0) resolve(undefined);
      else resolve(code === null ? `It was ended by ${String(killedBy)}.` : `It ended with exit code ${code}.`);
    });
  });
}

/** Resolves to what the source failed with. That the program did not want to read to the end is no trouble. */
async function feed(source: Readable, child: ChildProcess): Promise<{ readonly thrown: unknown } | undefined> {
  let trouble: { readonly thrown: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* source as AsyncIterable<Uint8Array>;
    } catch (thrown) {
      // Before the end of the input is seen: what was made of a part of it must not pass for the whole.
      trouble = { thrown };
      killAll(child);
      throw thrown;
    }
  };
  try {
    if (child.stdin !== null) await pipeline(watched, child.stdin);
  } catch {
    // It ended before it had read everything, or it was killed.
  }
  return trouble;
}

function killAll(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
  child.stdin?.destroy();
  child.stdout?.destroy();
}

/** The absolute path of a program on a search path such as `PATH`; undefined when there is none that may be run. */
export async function findProgram(name: string, searchPath = ''): Promise<string | undefined> {
  for (const folder of searchPath.split(':').filter(isAbsolute)) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

/** Whether this is a file that may be run. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
