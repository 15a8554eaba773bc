/**
 * `chancery login <network>`: connects an account to the running bridge, which checks and keeps it. The questions are
 * the network's own; they are asked on the terminal, or answered from a file.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answers } from './answers.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { type ControlStep, controlStep, openLogin } from './control-step.ts';
import { openRespondent, type Respondent } from './respondent.ts';

interface LoginOptions {
  readonly config: string;
  readonly network: string;
  readonly answers?: string;
}

const stepMs = 90_000;
const pollMs = 2_000;

export async function login({ config: path, network, answers }: LoginOptions): Promise<void> {
  const { data } = await readConfiguration(path);
  const respondent = await openRespondent('login', answers);
  let advice: readonly string[] = [];
  try {
    const client = new ControlClient(data.directory);
    const { id, next } = await client.ask(openLogin, { path: '/logins', body: { network }, timeoutMs: stepMs });
    const goOn = (given: Answers): Promise<ControlStep> =>
      client.ask(controlStep, { path: `/logins/${id}`, body: { answers: given }, timeoutMs: stepMs });
    const { displayName, advice: toDo } = await walk(next, goOn, respondent);
    respondent.say(`Connected: ${displayName}`);
    advice = toDo;
  } finally {
    advice = [...advice, ...respondent.close()];
  }
  for (const line of advice) respondent.say(`- ${line}`);
}

type Done = Extract<ControlStep, { step: 'done' }>;

async function walk(first: ControlStep, goOn: (given: Answers) => Promise<ControlStep>, to: Respondent): Promise<Done> {
  let step = first;
  for (;;) {
    switch (step.step) {
      case 'done':
        return step;
      case 'ask':
        step = await goOn(await to.answer(step.questions, step.problem));
        break;
      case 'show-qr':
        to.say(`Scan this as a QR code before ${new Date(step.expiresAt).toISOString()}:\n${step.data}`);
        step = await goOnLater(goOn);
        break;
      case 'wait':
        to.say(step.message);
        step = await goOnLater(goOn);
        break;
    }
  }
}

async function goOnLater(goOn: (given: Answers) => Promise<ControlStep>): Promise<ControlStep> {
  await delay(pollMs);
  return goOn({});
}
