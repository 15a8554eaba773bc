/**
 * Two implementations of age that were not written here, fetched at their pinned versions into the git-ignored
 * `.chancery` folder: `age` itself, where there is Go, and rage's library, where there is Python. A judge that cannot be
 * had is undefined, and why is printed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../../.chancery/age-judges');
const ageVersion = 'v1.3.2';
const pyrageVersion = '1.4.0';
const withinMs = 240_000;

/** Runs `age` or `age-keygen`, and gives what it printed. The passphrase is for the plugin `batchpass`. */
export type GoAge = (program: string, args: readonly string[], input?: string, passphrase?: string) => string;

export function goAge(): GoAge | undefined {
  const folder = fetched(`go-${ageVersion}`, 'age (Go)', (into) => {
    const go = existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : 'go';
    const env = { ...process.env, GOBIN: into, GOTOOLCHAIN: 'local' };
    execFileSync(go, ['install', `filippo.io/age/cmd/...@${ageVersion}`], { env, stdio: 'pipe', timeout: withinMs });
  });
  if (folder === undefined) return undefined;
  return (program, args, input = '', passphrase = '') => {
    const env = { PATH: folder, AGE_PASSPHRASE: passphrase };
    return execFileSync(join(folder, program), args, { input, env, encoding: 'latin1', stdio: 'pipe' });
  };
}

/** Runs lines of Python after `import pyrage`, with `given`, and gives what is put into `answer`, both objects of texts. */
export type Rage = (lines: string, given: Readonly<Record<string, string>>) => Record<string, string>;

export function rage(): Rage | undefined {
  const folder = fetched(`pyrage-${pyrageVersion}`, 'rage (Python)', (into) => {
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--only-binary',
      ':all:',
      '--target',
      into,
      `pyrage==${pyrageVersion}`,
    ];
    execFileSync('python3', pip, { stdio: 'pipe', timeout: withinMs });
    execFileSync('python3', ['-c', 'import pyrage'], { env: { ...process.env, PYTHONPATH: into }, stdio: 'pipe' });
  });
  if (folder === undefined) return undefined;
  return (lines, given) => {
    const program = `import json, sys, pyrage\ngiven = json.load(sys.stdin)\nanswer = {}\n${lines}\njson.dump(answer, sys.stdout)`;
    const env = { ...process.env, PYTHONPATH: folder };
    const printed = execFileSync('python3', ['-c', program], { input: JSON.stringify(given), env, encoding: 'utf8' });
    return JSON.parse(printed) as Record<string, string>;
  };
}

/** The folder is there whole or not at all. */
function fetched(name: string, words: string, fetchInto: (folder: string) => void): string | undefined {
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  mkdirSync(root, { recursive: true });
  const part = mkdtempSync(join(root, 'part-'));
  try {
    fetchInto(part);
    if (!existsSync(folder)) renameSync(part, folder);
    return folder;
  } catch (thrown) {
    if (existsSync(folder)) return folder;
    console.log(`skipped: ${words} could not be had, so it judges nothing: ${String(thrown).slice(0, 300)}`);
    return undefined;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
