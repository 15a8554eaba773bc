/** The wish to stop: Ctrl-C, a kill, or a closed terminal. Asked twice it means the same. */
import { readFileSync } from 'node:fs';

/** Thrown into whatever was going on. */
export class Stopped extends Error {
  /** As a shell counts it: 128 and the number of the signal. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals, number: number) {
    super(`Stopped by ${signal}.`);
    this.exitCode = 128 + number;
  }
}

const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
const lookEveryMs = 250;

export class Stopping {
  readonly #controller = new AbortController();
  readonly #rejected: Promise<never>;

  constructor() {
    this.#rejected = new Promise((_, reject) => {
      const stop = (signal: keyof typeof numbers): void => {
        const stopped = new Stopped(signal, numbers[signal]);
        this.#controller.abort(stopped);
        reject(stopped);
      };
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
      whenNpmEnds(() => stop('SIGTERM'));
    });
    this.#rejected.catch(() => undefined);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What `doing` resolves to; throws `Stopped` at once when the wish comes first. */
  async unless<Result>(doing: Promise<Result>): Promise<Result> {
    return Promise.race([doing, this.#rejected]);
  }
}

/** Npm has a shell between itself and the demo; a signal to npm ends that shell, which passes nothing on. */
function whenNpmEnds(act: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    act();
  }, lookEveryMs);
  looking.unref();
}

/** Ends what this process started and waits for, such as an installation, so that it can clean up after itself. */
export function endChildren(): void {
  for (const pid of readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean))
    try {
      process.kill(Number(pid), 'SIGTERM');
    } catch {
      // It has ended meanwhile.
    }
}
