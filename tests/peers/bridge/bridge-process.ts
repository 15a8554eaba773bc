/**
 * The bridge as its user runs it: a process of its own with a configuration file, a registration and a key file in a
 * folder, commanded through its own command line.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const armed = fileURLToPath(new URL('../../faults/armed.ts', import.meta.url));
const startWithinMs = 30_000;
const stopWithinMs = 15_000;

export interface BridgeProcessOptions {
  readonly directory: string;
  /** The whole configuration but for `data`, which lies in the folder. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface StartOptions {
  /** `name` or `name:n`: the process kills itself when it passes that named point for the n-th time. */
  readonly dieAt?: string;
  /** Whether to wait until the homeserver is connected; waits for the process only when false. */
  readonly untilConnected?: boolean;
  /** Lets `turnClock` work. */
  readonly withClock?: boolean;
}

export class BridgeProcess {
  readonly directory: string;
  readonly configFile: string;
  readonly logFile: string;
  #process: ChildProcess | undefined;
  #exit: Promise<unknown> | undefined;
  #isClockBack = false;

  constructor({ directory, config }: BridgeProcessOptions) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.directory = directory;
    this.configFile = join(directory, 'chancery.yaml');
    this.logFile = join(directory, 'bridge.log');
    writeFileSync(this.configFile, stringify({ ...config, data: { directory: './data', key_file: './database.key' } }));
  }

  get registrationFile(): string {
    return join(this.directory, 'registration.yaml');
  }

  /** Writes key and registration where they are missing, by the bridge's own commands. */
  async prepare(): Promise<void> {
    if (!existsSync(join(this.directory, 'database.key'))) await this.command(['keygen']);
    if (!existsSync(this.registrationFile)) await this.command(['registration']);
  }

  /** As `command`, for what needs no configuration. */
  static async alone(args: readonly string[], input: string): Promise<string> {
    const running = promisify(execFile)(process.execPath, ['--no-warnings', main, ...args], { timeout: 60_000 });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  /** Runs a command of the bridge and resolves to what it printed; rejects with its error text when it fails. */
  async command(args: readonly string[], input?: string): Promise<string> {
    const running = promisify(execFile)(
      process.execPath,
      ['--no-warnings', main, ...args, '--config', this.configFile],
      {
        timeout: 60_000,
      },
    );
    if (input !== undefined) running.child.stdin?.end(input);
    const { stdout } = await running;
    return stdout;
  }

  /** As `command`, however it ends. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number; out: string }> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ['--no-warnings', main, ...args, '--config', this.configFile],
        { timeout: 120_000, env: { ...process.env, ...env } },
        (failure, out, err) => resolve({ code: failure === null ? 0 : Number(failure.code ?? -1), out: out + err }),
      );
    });
  }

  async status(): Promise<{ readonly homeserver: string; readonly journal: Readonly<Record<string, number>> }> {
    return JSON.parse(await this.command(['status', '--json'])) as Awaited<ReturnType<BridgeProcess['status']>>;
  }

  async start({ dieAt, untilConnected = true, withClock = false }: StartOptions = {}): Promise<void> {
    const preload = dieAt === undefined && !withClock ? [] : ['--import', armed];
    const child = spawn(process.execPath, ['--no-warnings', ...preload, main, 'start', '--config', this.configFile], {
      env: {
        ...process.env,
        ...(dieAt === undefined ? {} : { FAULT_POINT: dieAt }),
        FAULT_CLOCK_BACK: this.#isClockBack ? 'yes' : 'no',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const from = this.log().length;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => appendFileSync(this.logFile, chunk));
    this.#process = child;
    process.once('exit', this.#killNow);
    child.once('exit', () => process.removeListener('exit', this.#killNow));
    this.#exit = once(child, 'exit');
    const wanted = untilConnected ? 'the homeserver is connected' : 'chancery runs';
    const deadline = Date.now() + startWithinMs;
    while (!this.log().slice(from).includes(wanted)) {
      if (child.exitCode !== null || child.signalCode !== null) {
        if (dieAt !== undefined && child.signalCode === 'SIGKILL') return;
        throw new Error(`the bridge ended while starting:\n${this.log().slice(from).slice(-2_000)}`);
      }
      if (Date.now() > deadline) throw new Error(`the bridge did not start:\n${this.log().slice(from).slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Resolves when the process has ended by itself, e.g. at a named point. */
  async ended(withinMs: number): Promise<void> {
    const late = new Promise((_, reject) => {
      setTimeout(() => reject(new Error('the bridge did not end')), withinMs).unref();
    });
    await Promise.race([this.#exit, late]);
  }

  /** One hour back, or right again; also for the processes to come. Needs `withClock`. */
  turnClock(): void {
    this.#isClockBack = !this.#isClockBack;
    this.#process?.kill('SIGUSR2');
  }

  /** SIGKILL, at once. */
  async kill(): Promise<void> {
    this.#killNow();
    await this.#exit;
  }

  /** SIGTERM; rejects when the bridge does not end in time or not with exit code 0. */
  async stop(): Promise<void> {
    if (this.#process === undefined || !this.running) return;
    this.#process.kill('SIGTERM');
    await this.ended(stopWithinMs);
    if (this.#process.exitCode !== 0)
      throw new Error(
        `the bridge ended with ${String(this.#process.exitCode ?? this.#process.signalCode)}:\n${this.log().slice(-2_000)}`,
      );
  }

  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /** What is resident now, in megabytes. The peak is counted anew from here on. */
  residentMegabytes(): number {
    // proc(5): writing 5 sets the peak back to what is resident.
    writeFileSync(`/proc/${String(this.#process?.pid)}/clear_refs`, '5');
    return this.#memory('VmRSS');
  }

  /** The most that was resident since `residentMegabytes` was asked last. */
  peakMegabytes(): number {
    return this.#memory('VmHWM');
  }

  /** Processor time that the process has used so far, in milliseconds, to the nearest ten. */
  cpuMs(): number {
    // proc(5): fields 14 and 15, counted after the name in brackets; in ticks of which Linux shows 100 a second.
    const stat = readFileSync(`/proc/${String(this.#process?.pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  #memory(line: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${String(this.#process?.pid)}/status`, 'utf8');
    return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  }

  readonly #killNow = (): void => {
    this.#process?.kill('SIGKILL');
  };
}
