/** Synapse, pinned, in a virtual environment of its own. */
import { fileURLToPath } from 'node:url';
import { pythonEnvironment, type Say } from '../python-environment.ts';

const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));

/** The environment's Python; `say` hears what is going on. Throws an error that tells what to install. */
export async function installSynapse(say: Say = () => undefined): Promise<string> {
  return `${await pythonEnvironment({ name: 'synapse', title: 'Synapse', requirements }, say)}/bin/python`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await installSynapse(console.log);
