/**
 * `chancery login-matrix <account> <user>`: what is written on the phone of this account appears as this official.
 * `chancery logout-matrix <account>` ends it.
 */
import { z } from 'zod';
import { ChanceryError } from '../base/errors.ts';
import { readAnswers } from './answers.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { openTerminal } from './terminal.ts';

interface LoginMatrixOptions {
  readonly config: string;
  readonly account: string;
  readonly user: string;
  /** Of an official whose homeserver is not ours, or who gives a token of their own. */
  readonly homeserver?: string;
  readonly answers?: string;
}

const withinMs = 60_000;
const question = { name: 'token', prompt: 'Access token of the official', secret: true };

export async function loginMatrix(options: LoginMatrixOptions): Promise<void> {
  const { config: path, account, user, homeserver } = options;
  const { data } = await readConfiguration(path);
  const own = homeserver === undefined ? {} : { own: { url: homeserver, token: await tokenFor(options.answers) } };
  const client = new ControlClient(data.directory);
  await client.ask(z.object({}), { path: '/puppets', body: { account, user, ...own }, timeoutMs: withinMs });
  process.stdout.write(`What is written on the phone of ${account} appears as ${user} from now on.\n`);
}

export async function logoutMatrix({ config: path, account }: Pick<LoginMatrixOptions, 'config' | 'account'>) {
  const { data } = await readConfiguration(path);
  const client = new ControlClient(data.directory);
  await client.ask(z.object({}), { path: '/puppets/remove', body: { account }, timeoutMs: withinMs });
  process.stdout.write(`Nobody stands for ${account} any more. What is written on its phone appears as the account.\n`);
}

async function tokenFor(answers: string | undefined): Promise<string> {
  if (answers !== undefined) {
    const { token } = await readAnswers(answers);
    if (token !== undefined && token !== '') return token;
    throw new ChanceryError('CH-LOGIN-INVALID', { place: answers, detail: 'The answer token is missing.' });
  }
  if (!process.stdin.isTTY) {
    const detail = 'There is no terminal to ask for the token on; give it with --answers.';
    throw new ChanceryError('CH-COMMAND-INVALID', { place: 'login-matrix', detail });
  }
  const terminal = openTerminal(process.stdin, process.stderr);
  try {
    return await terminal.ask(question);
  } finally {
    terminal.close();
  }
}
