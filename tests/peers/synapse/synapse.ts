/** A real Synapse in a process of its own. Its data stay in its folder from one start to the next. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { homeserverYaml, logYaml } from './configuration.ts';
import { installSynapse } from './install.ts';

export interface SynapseOptions {
  readonly directory: string;
  readonly serverName?: string;
  readonly registrationFiles?: readonly string[];
  /** Default 110 MB. */
  readonly mediaLimitBytes?: number;
}

/** What must be the same at every start. */
interface Kept {
  readonly port: number;
  readonly registrationSecret: string;
  readonly macaroonSecret: string;
}

const startWithinMs = 60_000;
const stopWithinMs = 10_000;
const pollMs = 50;

export class Synapse {
  readonly serverName: string;
  readonly #options: SynapseOptions;
  #kept: Kept | undefined;
  #process: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();

  constructor(options: SynapseOptions) {
    this.serverName = options.serverName ?? 'localhost';
    this.#options = options;
  }

  /** Chooses the port without starting, so that others can be configured first. */
  async prepare(): Promise<void> {
    const { directory } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = `${directory}/kept.json`;
    if (!existsSync(path)) {
      const fresh: Kept = {
        port: await freePort(),
        registrationSecret: randomBytes(16).toString('hex'),
        macaroonSecret: randomBytes(16).toString('hex'),
      };
      writeFileSync(path, JSON.stringify(fresh), { mode: 0o600 });
    }
    this.#kept = JSON.parse(readFileSync(path, 'utf8')) as Kept;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#facts.port}`;
  }

  get configurationFile(): string {
    return `${this.#options.directory}/homeserver.yaml`;
  }

  /** Resolves when it answers; rejects with the end of its log when it does not. `settings` are Synapse's own. */
  async start(settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    if (this.#kept === undefined) await this.prepare();
    const { directory, registrationFiles = [], mediaLimitBytes = 110 * 1024 * 1024 } = this.#options;
    const python = await installSynapse();
    const configuration = this.configurationFile;
    const { serverName } = this;
    writeFileSync(
      configuration,
      homeserverYaml({ ...this.#facts, serverName, directory, registrationFiles, mediaLimitBytes }, settings),
      { mode: 0o600 },
    );
    writeFileSync(`${directory}/log.yaml`, logYaml(this.#logFile));
    const run = ['-m', 'synapse.app.homeserver', '--config-path', configuration];
    if (!existsSync(`${directory}/signing.key`))
      await promisify(execFile)(python, [...run, '--generate-keys'], { cwd: directory });
    const child = spawn(python, run, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2_000);
    });
    this.#process = child;
    this.#exit = once(child, 'exit');
    process.once('exit', this.#killNow);
    const deadline = Date.now() + startWithinMs;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
        throw new Error(`Synapse did not start:\n${complaint}\n${this.log().slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await this.#exit;
    clearTimeout(force);
    process.removeListener('exit', this.#killNow);
  }

  /** SIGKILL, at once. */
  async kill(): Promise<void> {
    this.#killNow();
    await this.#exit;
    process.removeListener('exit', this.#killNow);
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Holds every connection and answers nothing, until `wakeUp`. */
  hang(): void {
    this.#process?.kill('SIGSTOP');
  }

  wakeUp(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Makes the user where there is none of this name. */
  async registerUser(name: string, password: string, admin = false): Promise<void> {
    const endpoint = `${this.url}/_synapse/admin/v1/register`;
    const { nonce } = (await (await fetch(endpoint)).json()) as { nonce: string };
    const mac = createHmac('sha1', this.#facts.registrationSecret)
      .update([nonce, name, password, admin ? 'admin' : 'notadmin'].join('\0'))
      .digest('hex');
    const body = JSON.stringify({ nonce, username: name, password, admin, mac });
    const answer = await fetch(endpoint, { method: 'POST', body });
    const { errcode } = (await answer.json()) as { errcode?: string };
    if (!answer.ok && errcode !== 'M_USER_IN_USE')
      throw new Error(`${name} could not be registered: ${String(errcode)}`);
  }

  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  get #logFile(): string {
    return `${this.#options.directory}/homeserver.log`;
  }

  get #facts(): Kept {
    if (this.#kept === undefined) throw new Error('prepare() or start() comes first');
    return this.#kept;
  }

  readonly #killNow = (): void => {
    this.#process?.kill('SIGKILL');
  };

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/_matrix/client/versions`)).ok;
    } catch {
      return false;
    }
  }
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}
