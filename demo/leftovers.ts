/**
 * Ends the homeserver and the bridge of a demo that could not do it itself. They are known for certain: by the
 * configuration file of this very folder on their command line.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const goneWithinMs = 5_000;
const pollMs = 20;

/** Resolves to how many there were, when they are gone. Nobody else's process is touched. */
export async function endLeftovers(folder: string): Promise<number> {
  const found = processesOf(folder);
  for (const pid of found) kill(pid);
  for (const until = Date.now() + goneWithinMs; Date.now() < until && processesOf(folder).length > 0; )
    await delay(pollMs);
  return found.length;
}

function processesOf(folder: string): readonly number[] {
  const configurations = [join(folder, 'synapse', 'homeserver.yaml'), join(folder, 'bridge', 'chancery.yaml')];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).some((word) => configurations.includes(word)));
}

/** Empty for a process that has ended or is not ours to see. */
function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile, or belongs to another user.
  }
}
