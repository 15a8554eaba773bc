/**
 * Synapse's own configuration (homeserver.yaml), looked at for what destroys history, and for the registration that it
 * names. The homeserver cannot be asked for these.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../base/errors.ts';
import { readYaml } from '../config/yaml-text.ts';
import { type Finding, fault, good, type Severity } from '../model/finding.ts';
import type { Registration } from './read-registration.ts';
import { allDifferingKeys } from './registration-difference.ts';

const anything = z.unknown().optional();
const mediaRetention = z.looseObject({ local_media_lifetime: anything, remote_media_lifetime: anything });
const settingsShape = z.looseObject({
  redaction_retention_period: anything,
  retention: z.looseObject({ enabled: anything }).nullish(),
  forgotten_room_retention_period: anything,
  forget_rooms_on_leave: anything,
  media_retention: mediaRetention.nullish(),
  delete_stale_devices_after: anything,
  app_service_config_files: z.array(z.string()).nullish(),
});
type Settings = z.output<typeof settingsShape>;

interface Destroyer {
  readonly key: string;
  readonly severity: Exclude<Severity, 'good'>;
  readonly isOn: (settings: Settings) => boolean;
  readonly words: string;
  readonly advice: string;
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** Synapse's manual, "Configuration": each with what it destroys. */
const destroyers: readonly Destroyer[] = [
  {
    key: 'redaction_retention_period',
    severity: 'fault',
    // Without the key Synapse takes seven days; only null keeps.
    isOn: ({ redaction_retention_period: period }) => period !== null,
    words: 'What was deleted in a room is destroyed for good after a while (after 7 days where nothing is set).',
    advice: 'Set redaction_retention_period: null.',
  },
  {
    key: 'retention.enabled',
    severity: 'fault',
    isOn: ({ retention }) => retention?.enabled === true,
    words: 'Old messages are purged, by the default policy or by that of a room; there is no way to hold some back.',
    advice: 'Set retention.enabled: false. Disposal by schedule is for the records officer, not for the homeserver.',
  },
  {
    key: 'forgotten_room_retention_period',
    severity: 'fault',
    isOn: ({ forgotten_room_retention_period: period }) => isSet(period),
    words: 'A room that all local people left and forgot is deleted with everything in it.',
    advice: 'Take forgotten_room_retention_period out.',
  },
  {
    key: 'media_retention.local_media_lifetime',
    severity: 'fault',
    isOn: ({ media_retention: media }) => isSet(media?.local_media_lifetime),
    words: 'Files that nobody looked at for a while are deleted.',
    advice: 'Take media_retention.local_media_lifetime out.',
  },
  {
    key: 'media_retention.remote_media_lifetime',
    severity: 'fault',
    isOn: ({ media_retention: media }) => isSet(media?.remote_media_lifetime),
    words: 'Files from other agencies are deleted; they may be gone there when somebody asks.',
    advice: 'Take media_retention.remote_media_lifetime out.',
  },
  {
    key: 'forget_rooms_on_leave',
    severity: 'warning',
    isOn: ({ forget_rooms_on_leave: forget }) => forget === true,
    words: 'Who leaves a room can no longer read what was said while they were in it.',
    advice: 'Set forget_rooms_on_leave: false.',
  },
  {
    key: 'delete_stale_devices_after',
    severity: 'warning',
    isOn: ({ delete_stale_devices_after: after }) => isSet(after),
    words: 'Devices that were not used for a while are deleted, and with them the keys of encrypted messages.',
    advice: 'Take delete_stale_devices_after out.',
  },
];

/** `path` is that of homeserver.yaml. */
export async function examineHomeserverSettings(path: string, registration: Registration): Promise<Finding[]> {
  const check = 'homeserver-config.readable';
  let settings: Settings;
  try {
    const read = settingsShape.safeParse(await yamlIn(path));
    if (!read.success) throw new Error(z.prettifyError(read.error));
    settings = read.data;
  } catch (thrown) {
    const words = `${path} could not be read as Synapse's configuration. ${messageOf(thrown)}`;
    return [fault(check, words, 'Name the homeserver.yaml that Synapse is started with, where it can be read.')];
  }
  return [...examineHistory(settings), ...(await examineLoaded(settings, dirname(path), registration))];
}

function examineHistory(settings: Settings): Finding[] {
  const on = destroyers.filter(({ isOn }) => isOn(settings));
  if (on.length === 0) return [good('history', 'No setting of the homeserver destroys history.')];
  return on.map(({ key, severity, words, advice }) => ({ check: `history.${key}`, severity, words, advice }));
}

async function examineLoaded(
  { app_service_config_files: named }: Settings,
  folder: string,
  registration: Registration,
): Promise<Finding[]> {
  const check = 'registration.same';
  const unreadable: string[] = [];
  for (const file of named ?? []) {
    const loaded = await loadedFrom(resolve(folder, file));
    if (loaded === undefined) unreadable.push(file);
    if (loaded?.id !== registration.id) continue;
    const differing = allDifferingKeys(registration, loaded);
    if (differing.length === 0) return [good(check, `${file} is the registration of the bridge.`)];
    const words = `${file}, which the homeserver loads, is not the same as the registration of the bridge. It differs in: ${differing.join(', ')}.`;
    return [fault(check, words, 'Give the homeserver the file of the bridge, and restart it.')];
  }
  const words = `app_service_config_files names no registration with the id ${registration.id}${unreadable.length === 0 ? '' : ` (not readable from here: ${unreadable.join(', ')})`}.`;
  return [fault(check, words, 'Add the registration file of the bridge there, and restart the homeserver.')];
}

const loadedShape = z.looseObject({ id: z.string() });

async function loadedFrom(path: string): Promise<z.output<typeof loadedShape> | undefined> {
  try {
    return loadedShape.parse(await yamlIn(path));
  } catch {
    return undefined;
  }
}

async function yamlIn(path: string): Promise<unknown> {
  const { value, problems } = readYaml(await readFile(path, 'utf8'));
  if (problems[0] !== undefined) throw new Error(`Line ${problems[0].line} is not YAML.`);
  return value;
}
