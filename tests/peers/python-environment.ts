/**
 * Python virtual environments with pinned packages, under the git-ignored `.chancery` folder. Quick when one is there;
 * one that was left half-made is made again; two processes do not make it at the same time.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface PythonEnvironment {
  /** The folder's name. */
  readonly name: string;
  /** What it holds, as people call it. */
  readonly title: string;
  /** The path of the list of packages, each pinned. */
  readonly requirements: string;
}

export type Say = (line: string) => void;

const run = promisify(execFile);
const shared = fileURLToPath(new URL('../../.chancery/', import.meta.url));
const staleLockMs = 15 * 60_000;
const installWithinMs = 14 * 60_000;

/** The environment's folder; `say` hears what is going on. Throws an error that tells what to install. */
export async function pythonEnvironment({ name, title, requirements }: PythonEnvironment, say: Say): Promise<string> {
  mkdirSync(shared, { recursive: true });
  // Working copies may share the folder: it is one and the same for all of them.
  const root = `${realpathSync(shared)}/`;
  const [environment, lock] = [`${root}${name}`, `${root}${name}.lock`];
  const [stamp, python] = [`${environment}/installed`, `${environment}/bin/python`];
  const wanted = createHash('sha256').update(readFileSync(requirements)).update(root).digest('hex');
  const isInstalled = (): boolean => existsSync(stamp) && existsSync(python) && readFileSync(stamp, 'utf8') === wanted;
  if (isInstalled()) return environment;
  await take(lock);
  try {
    if (isInstalled()) return environment;
    say(`Installing ${title} into a virtual environment (a minute or two) ...`);
    rmSync(environment, { recursive: true, force: true });
    await make(
      ['-m', 'venv', environment],
      'python3',
      'Install Python 3.10 or newer with venv (on Debian: apt-get install python3 python3-venv).',
    );
    await make(
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '-r', requirements],
      python,
      'A Python package registry must be reachable.',
    );
    writeFileSync(stamp, wanted);
    say(`${title} is installed.`);
    return environment;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

async function make(args: readonly string[], program: string, advice: string): Promise<void> {
  try {
    await run(program, args, { timeout: installWithinMs, maxBuffer: 16 * 1024 * 1024 });
  } catch (thrown) {
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} failed. ${advice}\n${String(thrown).slice(-2_000)}`, {
      cause: thrown,
    });
  }
}

/** A folder is made by one process only. */
async function take(lock: string): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch {
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > staleLockMs)
        rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
