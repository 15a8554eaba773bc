/** Plays one history in a house of its own, and judges it. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BridgeProcess } from '../../peers/bridge/bridge-process.ts';
import { SmallFilesystem } from '../../peers/disk/small-filesystem.ts';
import { readRooms } from '../../peers/matrix-client/independent-reader.ts';
import { CuttingProxy } from '../../peers/proxy/cutting-proxy.ts';
import { Scene } from '../../peers/scene.ts';
import { mend, type Stage, strike } from './blows.ts';
import type { Action, History, Round } from './history.ts';
import { Load } from './load.ts';
import { type Finding, type Gap, judge } from './oracle.ts';
import { judgeRecords } from './records.ts';
import { Side } from './sides.ts';

export interface Outcome {
  readonly kills: number;
  /** Of the kills, those that hit while something was on its way. */
  readonly killsInFlight: number;
  readonly sent: number;
  readonly findings: readonly Finding[];
  /** Blows that could not fall here, and why. */
  readonly skipped: readonly string[];
}

/** Progress, for whoever waits. */
export type Say = (line: string) => void;

const diskMegabytes = 48;
const settledWithinMs = 150_000;

export async function play(history: History, say: Say): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'history-'));
  const disk = SmallFilesystem.mount(join(directory, 'bridge', 'data'), diskMegabytes);
  let proxy: CuttingProxy | undefined;
  const scene = await Scene.open({
    directory,
    recorded: true,
    start: { withClock: true },
    homeserverUrl: (url) => {
      proxy = new CuttingProxy(url);
      return proxy.start();
    },
  });
  try {
    if (proxy === undefined) throw new Error('the house has no proxy');
    const load = new Load(scene);
    const more = (actions: readonly Action[]): void => actions.forEach((action) => load.do(action));
    return await playOn(history, load, { scene, proxy, disk, underWay: () => load.underWay(), more }, say);
  } finally {
    try {
      await scene.close();
    } finally {
      await proxy?.stop();
      disk?.unmount();
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

async function playOn(history: History, load: Load, stage: Stage, say: Say): Promise<Outcome> {
  const { scene } = stage;
  const gaps: Gap[] = [];
  const skipped: string[] = [];
  let [kills, killsInFlight] = [0, 0];
  await load.open();
  for (const round of history) {
    stage.more(round.actions);
    await delay(round.afterMs);
    const effect = await strike(round.blow, stage);
    kills += effect.kills;
    if (effect.underWay > 0) killsInFlight += effect.kills;
    if (effect.gap !== undefined) gaps.push(effect.gap);
    if (effect.skipped !== undefined) skipped.push(`${round.blow.kind}: ${effect.skipped}`);
    say(`${nameOf(round)}: ${effect.kills === 0 ? 'over' : `${effect.underWay} under way`}`);
    await mend(stage);
  }
  await load.done();
  await settled(scene, load);
  const { ana, house } = scene;
  const rooms = await readRooms({ url: house.synapse.url, userId: ana.userId, accessToken: ana.accessToken });
  const found = await judge({
    handed: load.handed,
    side: new Side(rooms, await house.whatsapp.everything(), load.people),
    gaps,
    hashOf: async (uri) => (await ana.downloadHash(uri)).sha256,
  });
  const findings = [...found, ...(await judgeRecords(house, load.handed))];
  for (const { kind, words } of findings) say(`${kind}: ${words}`);
  if (findings.some(({ kind }) => kind !== 'uncertain')) keepLog(house.bridge, say);
  return { kills, killsInFlight, sent: load.handed.length, findings, skipped };
}

/** What the bridge said of it outlives its folder. */
function keepLog({ logFile }: BridgeProcess, say: Say): void {
  const kept = join(mkdtempSync(join(tmpdir(), 'fault-')), 'bridge.log');
  copyFileSync(logFile, kept);
  say(`the bridge's log: ${kept}`);
}

/** Nothing is under way any more, or nothing moves: then the judge says what is missing. */
async function settled(scene: Scene, load: Load): Promise<void> {
  const deadline = Date.now() + settledWithinMs;
  while ((await load.underWay()) > 0 && Date.now() < deadline) await delay(250);
  await scene.house.whatsapp.idle();
  await scene.settled(Math.max(10_000, deadline - Date.now()));
}

function nameOf({ blow }: Round): string {
  const { kind, ...more } = blow;
  return [kind, ...Object.values(more).map(String)].join(' ');
}
