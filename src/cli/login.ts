/**
 * `chancery login <network>`: connects an account to the running bridge, which checks and keeps it. The questions are
 * the network's own; they are asked on the terminal, or answered from a file.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ChanceryError } from '../base/errors.ts';
import type { Question } from '../networks/login.ts';
import { type Answers, readAnswers } from './answers.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { type ControlStep, controlStep, openLogin } from './control-step.ts';
import { openTerminal, type Terminal } from './terminal.ts';

interface LoginOptions {
  readonly config: string;
  readonly network: string;
  readonly answers?: string;
}

/** Where answers come from. */
interface Respondent {
  answer(questions: readonly Question[], problem: string | undefined): Promise<Answers>;
  say(text: string): void;
  /** What is worth telling after the login. */
  close(): readonly string[];
}

const stepMs = 90_000;
const pollMs = 2_000;

export async function login({ config: path, network, answers }: LoginOptions): Promise<void> {
  const { data } = await readConfiguration(path);
  const respondent = answers === undefined ? onTerminal() : fromFile(await readAnswers(answers), answers);
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

function onTerminal(): Respondent {
  if (!process.stdin.isTTY) {
    const detail = 'There is no terminal to ask on; give the answers with --answers.';
    throw new ChanceryError('CH-COMMAND-INVALID', { place: 'login', detail });
  }
  const terminal: Terminal = openTerminal(process.stdin, process.stderr);
  return {
    say: (text) => terminal.say(text),
    close: () => {
      terminal.close();
      return [];
    },
    answer: async (questions, problem) => {
      if (problem !== undefined) terminal.say(problem);
      const given: Record<string, string> = {};
      for (const question of questions) given[question.name] = await terminal.ask(question);
      return given;
    },
  };
}

function fromFile(answers: Answers, place: string): Respondent {
  const asked = new Set<string>();
  const refused = (detail: string): ChanceryError => new ChanceryError('CH-LOGIN-INVALID', { place, detail });
  return {
    say: (text) => void process.stdout.write(`${text}\n`),
    close: () => {
      const unused = Object.keys(answers).filter((name) => !asked.has(name));
      return unused.length === 0 ? [] : [`Nobody asked for: ${unused.join(', ')}`];
    },
    answer: async (questions, problem) => {
      // The file has no other answer than the one that was just refused.
      if (problem !== undefined) throw refused(problem);
      const given: Record<string, string> = {};
      for (const { name, prompt, whenEmpty } of questions) {
        asked.add(name);
        const answer = answers[name] ?? (whenEmpty === undefined ? undefined : '');
        if (answer === undefined) throw refused(`The answer ${name} is missing: ${prompt}.`);
        given[name] = answer;
      }
      return given;
    },
  };
}
