/**
 * Programs that were not written here and judge what was, fetched at pinned versions into the git-ignored `.chancery`
 * folder. One that cannot be had judges nothing, and why is printed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../.chancery/judges');
const withinMs = 240_000;

/** The Go toolchain, where it installs itself or on the search path. */
export function go(args: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): void {
  const program = existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : 'go';
  execFileSync(program, args, {
    env: { ...process.env, GOTOOLCHAIN: 'local', ...env },
    stdio: 'pipe',
    timeout: withinMs,
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Puts a package of Python's into this folder. */
export function pip(requirement: string, into: string): void {
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', into, requirement];
  execFileSync('python3', args, { stdio: 'pipe', timeout: withinMs });
}

/** The folder is there whole or not at all. */
export function fetched(name: string, words: string, fetchInto: (folder: string) => void): string | undefined {
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
