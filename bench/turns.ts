/**
 * Two ways of doing the same thing, in turns, each as often first as last: what else the machine does hits both alike.
 * They are compared round by round, and the middle of the rounds counts: a moment in which the machine stood still does
 * not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from './percentile.ts';

export interface Delivery {
  /** The next message of the same chat may go. */
  readonly next: Promise<unknown>;
  readonly arrived: Promise<unknown>;
}

export interface Way<Chat> {
  readonly name: string;
  readonly chats: readonly Chat[];
  /** Begins to deliver one message. */
  readonly deliver: (chat: Chat, text: string) => Delivery;
  /** Resolves when nothing of it is left to do. */
  readonly settled: () => Promise<void>;
  /** Processor time of what is measured, in milliseconds. */
  readonly cpuMs: () => number;
}

export interface Outcome {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerMessage: number;
}

export interface Comparison {
  readonly one: Outcome;
  readonly other: Outcome;
  /** The other's rate by the first's: the median of the rounds. */
  readonly ratio: number;
}

export interface TurnsOptions {
  readonly rounds: number;
  /** Of each chat, in each round. */
  readonly messages: number;
  readonly say: (line: string) => void;
}

interface Run {
  readonly seconds: number;
  readonly tookMs: readonly number[];
  readonly cpuMs: number;
}

/** Before a round is measured, of each chat: a pause leaves connections closed and rooms to be looked at again. */
const leadIn = 2;
/** After a way has settled, for what the homeserver does behind it. */
const quietMs = 1_000;
const warmUpMessages = 5;

/** So many messages are under way at the same time as there are chats. A round ends when the last has arrived. */
export async function inTurns<One, Other>(
  one: Way<One>,
  other: Way<Other>,
  { rounds, messages, say }: TurnsOptions,
): Promise<Comparison> {
  await run(one, 'warm-up', warmUpMessages);
  await run(other, 'warm-up', warmUpMessages);
  const runs: { readonly ofOne: Run; readonly ofOther: Run }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const runOne = (): Promise<Run> => run(one, `round ${round}`, messages);
    const runOther = (): Promise<Run> => run(other, `round ${round}`, messages);
    const ofOther = round % 2 === 0 ? await runOther() : undefined;
    const ofOne = await runOne();
    const both = { ofOne, ofOther: ofOther ?? (await runOther()) };
    runs.push(both);
    const [first, second] = [both.ofOne, both.ofOther].map((each) => rateOf([each]).toFixed(1));
    say(`Round ${round} of ${rounds}: ${one.name} ${first}, ${other.name} ${second} a second`);
  }
  return {
    one: outcomeOf(runs.map(({ ofOne }) => ofOne)),
    other: outcomeOf(runs.map(({ ofOther }) => ofOther)),
    ratio: percentile(
      runs.map(({ ofOne, ofOther }) => rateOf([ofOther]) / rateOf([ofOne])),
      0.5,
    ),
  };
}

async function run<Chat>(
  { name, chats, deliver, settled, cpuMs }: Way<Chat>,
  round: string,
  messages: number,
): Promise<Run> {
  const send = async (stage: string, count: number): Promise<number[]> => {
    const tookMs: number[] = [];
    const arriving: Promise<unknown>[] = [];
    await Promise.all(
      chats.map(async (chat, index) => {
        for (let number = 0; number < count; number += 1) {
          const began = performance.now();
          const { next, arrived } = deliver(chat, `${name} ${round} ${stage} ${index} ${number}`);
          arriving.push(arrived.then(() => tookMs.push(performance.now() - began)));
          await next;
        }
      }),
    );
    await Promise.all(arriving);
    return tookMs;
  };
  await send('lead-in', leadIn);
  const before = { cpuMs: cpuMs(), at: performance.now() };
  const tookMs = await send('measured', messages);
  const seconds = (performance.now() - before.at) / 1_000;
  await settled();
  const result = { seconds, tookMs, cpuMs: cpuMs() - before.cpuMs };
  await delay(quietMs);
  return result;
}

function outcomeOf(runs: readonly Run[]): Outcome {
  const tookMs = runs.flatMap((each) => each.tookMs);
  return {
    perSecond: rateOf(runs),
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    cpuMsPerMessage: sum(runs.map((each) => each.cpuMs)) / tookMs.length,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const rateOf = (runs: readonly Run[]): number =>
  sum(runs.map(({ tookMs }) => tookMs.length)) / sum(runs.map(({ seconds }) => seconds));
