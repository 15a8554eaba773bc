/**
 * Whether the homeserver is as the bridge needs it. Each question is asked of the live homeserver and answered with what
 * to change; a question whose answer hangs on a fault found before is not asked. The only trace is one user of the
 * bridge's own, named `doctor`, with one small file.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Finding, fault, good, warning } from '../model/finding.ts';
import { asId, type UserId } from '../model/ids.ts';
import { readBounded } from '../base/answer-body.ts';
import { messageOf } from '../base/errors.ts';
import { HomeserverError } from './homeserver-error.ts';
import type { Homeserver } from './homeserver.ts';
import { roomVersion } from './portal-room.ts';
import { makeRegistration, type RegistrationOptions } from './registration.ts';
import { differingKeys } from './registration-difference.ts';
import type { Registration } from './read-registration.ts';

export interface HomeserverExamination {
  readonly homeserver: Homeserver;
  /** As the configuration names it. */
  readonly url: string;
  readonly registration: Registration;
  /** What the registration would be made from now. */
  readonly wanted: RegistrationOptions;
  readonly now: () => number;
}

/** Authenticated media came with it; the ping and uploads to a reserved address came before. */
const neededMinor = 11;
const tolerableSkewMs = 30_000;
/** The largest file that a network may bring (WhatsApp: documents). */
const wantedFileBytes = 100 * 1024 * 1024;
const sample = Buffer.from('chancery doctor\n');
const giveAgain =
  'Run `chancery registration --force`, give the homeserver the new file and restart it, then the bridge.';
const loadAgain =
  'Name the registration file in app_service_config_files of homeserver.yaml, make it the same as the one of the bridge, and restart the homeserver.';

export async function examineHomeserver(examined: HomeserverExamination): Promise<Finding[]> {
  const configured = await examineFile(examined);
  const reached = await examineReach(examined);
  if (hasFault(reached)) return [...configured, ...reached];
  const known = await examineIdentity(examined);
  if (hasFault(known)) return [...configured, ...reached, ...known];
  const inNamespace = await examineNamespace(examined);
  const asUser = hasFault(inNamespace) ? [] : await examineUser(examined);
  return [...configured, ...reached, ...known, ...inNamespace, await examinePing(examined), ...asUser];
}

const hasFault = (findings: readonly Finding[]): boolean => findings.some(({ severity }) => severity === 'fault');

/** The file on our side, beside what the configuration says now. */
async function examineFile({ registration, wanted }: HomeserverExamination): Promise<Finding[]> {
  const check = 'registration.configured';
  const differing = differingKeys(registration, await makeRegistration(wanted));
  if (differing.length === 0) return [good(check, 'The registration file fits the configuration.')];
  const words = `The registration file is not what the configuration would make now. It differs in: ${differing.join(', ')}.`;
  return [fault(check, words, giveAgain)];
}

async function examineReach({ homeserver, url, now }: HomeserverExamination): Promise<Finding[]> {
  let about: Awaited<ReturnType<Homeserver['about']>>;
  try {
    about = await homeserver.about();
  } catch (thrown) {
    const words = `${url} does not answer as a Matrix homeserver. ${messageOf(thrown)}`;
    const advice = 'Start the homeserver, or correct homeserver.url and what lies between (name, port, certificate).';
    return [fault('homeserver.reachable', words, advice)];
  }
  const findings = [good('homeserver.reachable', `${url} answers.`)];
  const newest = about.versions.map(minorOf).reduce((most, minor) => Math.max(most, minor), 0);
  if (newest >= neededMinor) findings.push(good('homeserver.versions', `It speaks Matrix 1.${newest}.`));
  else {
    const words = `It speaks Matrix 1.${newest} at most, and the bridge needs 1.${neededMinor}.`;
    findings.push(fault('homeserver.versions', words, 'Update the homeserver.'));
  }
  const skewMs = about.clock === undefined ? 0 : Math.abs(about.clock - now());
  if (skewMs <= tolerableSkewMs) findings.push(good('homeserver.clock', 'Its clock and ours agree.'));
  else {
    const words = `Its clock and ours differ by ${Math.round(skewMs / 1_000)} seconds: messages show wrong times.`;
    findings.push(warning('homeserver.clock', words, 'Let both machines follow the same time service (NTP).'));
  }
  return findings;
}

const minorOf = (version: string): number => Number(/^v1\.(\d+)$/.exec(version)?.[1] ?? 0);

async function examineIdentity({ homeserver, registration, wanted }: HomeserverExamination): Promise<Finding[]> {
  let user: UserId;
  try {
    ({ user } = await homeserver.whoami(undefined));
  } catch (thrown) {
    const words = `The homeserver does not know the as_token: the registration is not loaded, or it is another one. ${messageOf(thrown)}`;
    return [fault('registration.loaded', words, loadAgain)];
  }
  const server = user.slice(user.indexOf(':') + 1);
  if (server !== wanted.serverName) {
    const words = `The homeserver is called ${server}, and the configuration calls it ${wanted.serverName}.`;
    return [fault('homeserver.name', words, `Set homeserver.server_name to ${server}. ${giveAgain}`)];
  }
  const sender = `@${registration.sender_localpart}:${server}`;
  if (user !== sender) {
    const words = `The homeserver has a registration with the same as_token whose sender is ${user} and not ${sender}.`;
    return [fault('registration.loaded', words, loadAgain)];
  }
  return [good('homeserver.name', `It is ${server}.`), good('registration.loaded', 'It has loaded the registration.')];
}

async function examineNamespace({ homeserver, wanted }: HomeserverExamination): Promise<Finding[]> {
  const check = 'registration.namespaces';
  const users = [asId<UserId>(`@${wanted.botLocalpart}:${wanted.serverName}`), doctorOf(wanted)];
  for (const user of users) {
    try {
      await homeserver.registerUser(user);
    } catch (thrown) {
      const words = `The homeserver does not let the bridge make ${user}. ${messageOf(thrown)}`;
      const advice = `${loadAgain} If it is the same, another bridge claims these users.`;
      return [fault(check, words, advice)];
    }
  }
  return [good(check, 'The bridge may make its users.')];
}

const doctorOf = ({ namespacePrefix, serverName }: RegistrationOptions): UserId =>
  asId<UserId>(`@${namespacePrefix}doctor:${serverName}`);

async function examinePing({ homeserver, registration }: HomeserverExamination): Promise<Finding> {
  const check = 'homeserver.reaches-bridge';
  try {
    const ms = await homeserver.ping(registration.id);
    return good(check, `The homeserver reaches the bridge, there and back in ${ms} ms.`);
  } catch (thrown) {
    const errcode = thrown instanceof HomeserverError ? thrown.errcode : undefined;
    const [words, advice] = pingTrouble(errcode, registration);
    return fault(check, `${words} ${messageOf(thrown)}`, advice);
  }
}

/** Application service API, "Pinging": what each error means, and what to do. */
function pingTrouble(errcode: string | undefined, { id, url }: Registration): readonly [string, string] {
  const ours = url ?? 'nothing';
  switch (errcode) {
    case 'M_CONNECTION_FAILED':
    case 'M_CONNECTION_TIMEOUT':
      return [
        `The homeserver does not reach the bridge under the URL in the registration that it loaded (in our file: ${ours}).`,
        `From the homeserver's machine, ${ours} must lead to appservice.host and appservice.port. If the file that it loaded names another URL: ${loadAgain}`,
      ];
    case 'M_BAD_STATUS':
      return [
        'Something answers the homeserver at the URL, and refuses it: the hs_token differs, or it is not the bridge.',
        loadAgain,
      ];
    case 'M_URL_NOT_SET':
      return ['The registration that the homeserver loaded has no URL.', loadAgain];
    case 'M_FORBIDDEN':
      return [`The homeserver knows this registration under another id than ${id}.`, loadAgain];
    default:
      return ['The homeserver could not be asked to call the bridge.', 'Look into the log of the homeserver.'];
  }
}

/** What needs a user: its device, the rooms that can be made, files. */
async function examineUser({ homeserver, wanted }: HomeserverExamination): Promise<Finding[]> {
  const user = doctorOf(wanted);
  // A new one each time: a homeserver that lets none be made may still let a known one be renamed.
  const doctor = { user, device: `DOCTOR${randomBytes(4).toString('hex').toUpperCase()}` };
  try {
    const devices = await examineDevices(homeserver, doctor);
    if (devices.severity === 'fault') return [devices];
    return [devices, await examineRooms(homeserver, doctor), ...(await examineMedia(homeserver, doctor))];
  } finally {
    await homeserver.removeDevice(user, doctor.device).catch(() => undefined);
  }
}

async function examineDevices(homeserver: Homeserver, doctor: Doctor): Promise<Finding> {
  const check = 'registration.devices';
  const advice = `The registration must have io.element.msc4190: true, and the homeserver must offer it (Synapse since 1.121). ${loadAgain}`;
  try {
    await homeserver.ensureDevice(doctor.user, doctor.device, 'chancery doctor');
    const { device } = await homeserver.whoami(doctor);
    if (device === doctor.device) return good(check, 'Users of the bridge can have devices.');
    return fault(check, 'The homeserver takes no notice of the devices of the bridge.', advice);
  } catch (thrown) {
    return fault(check, `The homeserver does not let the bridge have devices. ${messageOf(thrown)}`, advice);
  }
}

type Doctor = Parameters<Homeserver['reserveMedia']>[0];

async function examineRooms(homeserver: Homeserver, doctor: Doctor): Promise<Finding> {
  const check = 'homeserver.rooms';
  try {
    const versions = await homeserver.roomVersions(doctor);
    if (versions.includes(roomVersion)) return good(check, `It makes rooms of version ${roomVersion}.`);
    return fault(check, `It does not make rooms of version ${roomVersion}.`, 'Update the homeserver.');
  } catch (thrown) {
    return fault(check, `It does not tell which rooms it makes. ${messageOf(thrown)}`, 'Update the homeserver.');
  }
}

async function examineMedia(homeserver: Homeserver, doctor: Doctor): Promise<Finding[]> {
  const check = 'homeserver.media';
  try {
    const uri = await homeserver.reserveMedia(doctor);
    await homeserver.uploadMedia(doctor, uri, Readable.from([sample]), {
      sizeBytes: sample.length,
      mimeType: 'text/plain',
    });
    const { stream } = await homeserver.downloadMedia(doctor, uri);
    const back = await readBounded(stream, sample.length);
    if (!back.equals(sample)) throw new Error('Another file came back than was uploaded.');
  } catch (thrown) {
    const advice =
      'The paths /_matrix/media and /_matrix/client/v1/media must reach the homeserver; look into its log.';
    return [fault(check, `A file could not be uploaded and fetched again. ${messageOf(thrown)}`, advice)];
  }
  const works = good(check, 'Files go up and come back.');
  const limit = await homeserver.mediaLimitBytes();
  if (limit === undefined || limit >= wantedFileBytes)
    return [works, good('homeserver.media-limit', 'Large files fit.')];
  const words = `It takes files of at most ${Math.floor(limit / 1_048_576)} MiB; what is larger is not shown in the room.`;
  const advice = 'Set max_upload_size: 110M in homeserver.yaml, and as much in the proxy before it.';
  return [works, warning('homeserver.media-limit', words, advice)];
}
