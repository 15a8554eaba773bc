/** The blows: each one falls in the middle of the load, and everything runs again when it is over. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3-multiple-ciphers';
import { parse } from 'yaml';
import { readDatabaseKey } from '../../../src/vault/database-key.ts';
import type { SmallFilesystem } from '../../peers/disk/small-filesystem.ts';
import type { CuttingProxy } from '../../peers/proxy/cutting-proxy.ts';
import type { Scene } from '../../peers/scene.ts';
import type { FaultRequest } from '../../peers/whatsapp-cloud/faults.ts';
import { seededRandom } from '../../peers/whatsapp-cloud/seeded-random.ts';
import type { Action, Blow } from './history.ts';
import type { Gap } from './oracle.ts';

export interface Stage {
  readonly scene: Scene;
  /** In front of the homeserver, as the bridge reaches it. */
  readonly proxy: CuttingProxy;
  /** Undefined where nothing may be mounted. */
  readonly disk: SmallFilesystem | undefined;
  /** How much is on its way at this moment. */
  readonly underWay: () => Promise<number>;
  /** Has people do this as well. */
  readonly more: (actions: readonly Action[]) => void;
}

export interface Effect {
  /** Processes that died by SIGKILL. */
  readonly kills: number;
  /** What was on its way when they died. */
  readonly underWay: number;
  readonly gap?: Gap;
  /** Why the blow did not fall. */
  readonly skipped?: string;
}

/** A point that nothing passes in this time is not waited for any longer: the process is killed where it is. */
const pointWithinMs = 6_000;
const troubleChance = 0.4;
const slowMs = 900;
const misbehaviourMs = 1_500;
const transactionEvents = 50;
/** What falls in while a call is answered may be unknowable until so long after. */
const answerWithinMs = 1_000;

export async function strike(blow: Blow, stage: Stage): Promise<Effect> {
  const { scene, disk } = stage;
  const { bridge, synapse, whatsapp } = scene.house;
  switch (blow.kind) {
    case 'kill bridge':
      return killing(stage, blow.kind, 1, () => bridge.kill());
    case 'kill bridge at':
      return killing(stage, `killed at ${blow.point}`, 1, async () => {
        await bridge.stop();
        await bridge.start({ dieAt: `${blow.point}:${blow.passing}`, untilConnected: false, withClock: true });
        stage.more(passing(blow));
        await whatsapp.retryNow();
        await bridge.ended(pointWithinMs).catch(() => bridge.kill());
      });
    case 'kill homeserver':
      return killed(stage, 1, () => synapse.kill());
    case 'kill both':
      return killing(stage, blow.kind, 2, () => Promise.all([bridge.kill(), synapse.kill()]));
    case 'homeserver trouble':
      await (blow.trouble === 'hang' ? hanging(stage, blow.forMs) : proxied(stage, blow));
      return noKill;
    case 'network trouble':
    case 'webhook trouble':
      return misbehaving(stage, blow.fault, requestOf(blow));
    case 'network away':
      return misbehaving(stage, blow.kind, { fault: 'graph-refuse', on: 'any', probability: 1 }, blow.forMs);
    case 'disk full':
      return disk === undefined
        ? { ...noKill, skipped: 'this user may not mount a small file system' }
        : filled(disk, blow.forMs);
    case 'database locked':
      return locked(stage, blow.forMs);
    case 'redelivery':
      await redeliver(stage);
      return noKill;
    case 'clock back':
      bridge.turnClock();
      return noKill;
    case 'second start':
      await startSecond(stage);
      return noKill;
  }
}

/** Starts again whatever does not run. */
export async function mend({ scene: { house } }: Pick<Stage, 'scene'>): Promise<void> {
  await Promise.all([
    house.synapse.running ? undefined : house.synapse.start(),
    house.bridge.running ? undefined : house.bridge.start({ untilConnected: false, withClock: true }),
  ]);
  await house.whatsapp.retryNow();
}

const noKill: Effect = { kills: 0, underWay: 0 };
const gapFrom = (from: number, what: string): Gap => ({ what, from, to: Date.now() + answerWithinMs });

async function killed(stage: Stage, kills: number, kill: () => Promise<unknown>): Promise<Effect> {
  await kill();
  return { kills, underWay: await stage.underWay() };
}

/** Of the bridge: what it was just telling WhatsApp is in a gap. */
async function killing(stage: Stage, what: string, kills: number, kill: () => Promise<unknown>): Promise<Effect> {
  const from = Date.now();
  const effect = await killed(stage, kills, kill);
  return { ...effect, gap: gapFrom(from, what) };
}

/** A point of the one way or the other is only passed when somebody goes that way. */
function passing({ point, passing: times }: Extract<Blow, { kind: 'kill bridge at' }>): Action[] {
  return Array.from({ length: times + 2 }, (_, chat) =>
    point.startsWith('inbound.')
      ? { side: 'in', kind: 'newcomer with media', chat, pauseMs: 0 }
      : { side: 'out', kind: 'media', chat, pauseMs: 0 },
  );
}

/** What is slow or late is so by `slowMs`. */
function requestOf({ fault, times }: Extract<Blow, { kind: 'network trouble' | 'webhook trouble' }>): FaultRequest {
  return fault === 'graph-slow' || fault === 'webhook-delay' ? { fault, times, ms: slowMs } : { fault, times };
}

async function misbehaving(
  { scene }: Stage,
  what: string,
  fault: FaultRequest,
  forMs = misbehaviourMs,
): Promise<Effect> {
  const { whatsapp } = scene.house;
  const from = Date.now();
  const id = await whatsapp.misbehave(fault);
  await delay(forMs);
  await whatsapp.behave(id).catch(() => undefined);
  return { ...noKill, gap: gapFrom(from, what) };
}

async function hanging({ scene }: Stage, forMs: number): Promise<void> {
  scene.house.synapse.hang();
  await delay(forMs);
  scene.house.synapse.wakeUp();
}

async function proxied(
  { proxy }: Stage,
  { trouble, forMs }: Extract<Blow, { kind: 'homeserver trouble' }>,
): Promise<void> {
  if (trouble === 'hang') return;
  const random = seededRandom(forMs);
  proxy.trouble = { kind: trouble, strikes: () => random() < troubleChance };
  await delay(forMs);
  proxy.trouble = undefined;
}

async function filled(disk: SmallFilesystem, forMs: number): Promise<Effect> {
  const from = Date.now();
  const until = from + forMs;
  // What a commit frees is taken again at once.
  while (Date.now() < until) {
    disk.fill();
    await delay(20);
  }
  disk.makeRoom();
  return { ...noKill, gap: gapFrom(from, 'the disk was full') };
}

/** Somebody else holds the database, as a careless backup would. */
async function locked({ scene }: Stage, forMs: number): Promise<Effect> {
  const { directory } = scene.house.bridge;
  const key = await readDatabaseKey({ keyFile: join(directory, 'database.key'), environment: {} });
  const from = Date.now();
  const database = new Database(join(directory, 'data', 'chancery.db'), { timeout: 10_000 });
  try {
    database.pragma("cipher = 'sqlcipher'");
    database.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
    database.exec('BEGIN IMMEDIATE');
    await delay(forMs);
    database.exec('ROLLBACK');
  } finally {
    database.close();
  }
  return { ...noKill, gap: gapFrom(from, 'the database was locked') };
}

/** What the homeserver pushed lately, again, under transaction numbers that begin at 1. */
async function redeliver({ scene }: Stage): Promise<void> {
  const { bridge, secrets } = scene.house;
  const { hs_token } = parse(readFileSync(bridge.registrationFile, 'utf8')) as { hs_token: string };
  const events = scene.ana.events.filter(({ sender }) => sender === scene.ana.userId).slice(-2 * transactionEvents);
  for (let number = 1; number <= 2; number += 1) {
    const answer = await fetch(`http://127.0.0.1:${secrets.appservicePort}/_matrix/app/v1/transactions/${number}`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${hs_token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ events: events.slice((number - 1) * transactionEvents, number * transactionEvents) }),
    });
    if (!answer.ok) throw new Error(`a redelivered transaction was answered ${answer.status}: ${await answer.text()}`);
  }
}

async function startSecond({ scene }: Stage): Promise<void> {
  const outcome = await scene.house.bridge.command(['start']).then(
    () => 'it started',
    (thrown: unknown) => String(thrown),
  );
  if (!outcome.includes('CH-DATABASE-IN-USE')) throw new Error(`a second start was not refused: ${outcome}`);
}
