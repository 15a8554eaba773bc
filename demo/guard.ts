/**
 * A small process beside the demo that outlives it by a moment: when the demo is gone without having cleaned up, even
 * by SIGKILL, the guard ends the homeserver and the bridge.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { endLeftovers } from './leftovers.ts';

export interface Guard {
  /** All is cleaned up; the guard goes home. */
  dismiss(): void;
}

const program = fileURLToPath(import.meta.url);
const allIsWell = 'all is well';

export function startGuard(folder: string): Guard {
  // Of a session of its own: Ctrl-C in the terminal must not end it first.
  const child = spawn(process.execPath, ['--no-warnings', program, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return { dismiss: () => void child.stdin.end(allIsWell) };
}

/** Standard input ends when the demo ends, in whatever way. */
async function keepGuard(folder: string): Promise<void> {
  if ((await text(process.stdin)) !== allIsWell) await endLeftovers(folder);
}

const [, started, folder] = process.argv;
if (started === program && folder !== undefined) await keepGuard(folder);
