/**
 * Two implementations of age that were not written here, fetched at their pinned versions into the git-ignored
 * `.chancery` folder: `age` itself, where there is Go, and rage's library, where there is Python. A judge that cannot be
 * had is undefined, and why is printed.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fetched, go, pip } from '../../peers/judges.ts';

const ageVersion = 'v1.3.2';
const pyrageVersion = '1.4.0';

/** Runs `age` or `age-keygen`, and gives what it printed. The passphrase is for the plugin `batchpass`. */
export type GoAge = (program: string, args: readonly string[], input?: string, passphrase?: string) => string;

export function goAge(): GoAge | undefined {
  const folder = fetched(`go-${ageVersion}`, 'age (Go)', (into) => {
    go(['install', `filippo.io/age/cmd/...@${ageVersion}`], { GOBIN: into });
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
    pip(`pyrage==${pyrageVersion}`, into);
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
