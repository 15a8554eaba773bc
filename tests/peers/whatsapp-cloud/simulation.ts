/** All parts of one simulated WhatsApp, made from one configuration. */
import { Chats } from './chats.ts';
import { Citizens } from './citizens.ts';
import { ShiftableClock } from './clock.ts';
import { Faults } from './faults.ts';
import { GroupChats } from './group-chats.ts';
import { GroupStatuses } from './group-statuses.ts';
import { Groups } from './groups.ts';
import { Limits } from './limits.ts';
import { Log } from './log.ts';
import { MediaFiles } from './media-files.ts';
import { MediaUrls } from './media-urls.ts';
import type { AccountConfig, SimulatorConfig } from './options.ts';
import { type Settings, settingsShape } from './settings.ts';
import { Statuses } from './statuses.ts';
import { Timers } from './timers.ts';
import { WebhookAddresses } from './webhook-addresses.ts';
import { Webhooks } from './webhooks.ts';

export interface Simulation {
  readonly accounts: readonly AccountConfig[];
  readonly settings: Settings;
  readonly clock: ShiftableClock;
  readonly log: Log;
  readonly faults: Faults;
  readonly citizens: Citizens;
  readonly chats: Chats;
  readonly groups: Groups;
  readonly groupChats: GroupChats;
  readonly limits: Limits;
  readonly media: MediaFiles;
  readonly mediaUrls: MediaUrls;
  readonly addresses: WebhookAddresses;
  readonly webhooks: Webhooks;
  readonly timers: Timers;
  readonly statuses: Statuses;
  readonly groupStatuses: GroupStatuses;
}

export async function openSimulation(config: SimulatorConfig): Promise<Simulation> {
  const settings = settingsShape.parse(config.settings ?? {});
  const clock = new ShiftableClock();
  const log = new Log(clock);
  const faults = new Faults(log);
  const addresses = new WebhookAddresses(config);
  const webhooks = new Webhooks({ log, faults, settings, addresses });
  const timers = new Timers();
  const statusWorld = { clock, log, faults, settings, webhooks, timers };
  return {
    accounts: config.accounts,
    settings,
    clock,
    log,
    faults,
    citizens: new Citizens(),
    chats: new Chats(),
    groups: new Groups(),
    groupChats: new GroupChats(),
    limits: new Limits(settings, clock),
    media: await MediaFiles.open(config.directory),
    mediaUrls: new MediaUrls(),
    addresses,
    webhooks,
    timers,
    statuses: new Statuses(statusWorld),
    groupStatuses: new GroupStatuses(statusWorld),
  };
}

/** Ends what still runs and removes the media. */
export async function closeSimulation(simulation: Simulation): Promise<void> {
  simulation.timers.stop();
  await simulation.webhooks.stop();
  await simulation.media.removeAll();
}
