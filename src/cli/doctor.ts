/**
 * `chancery doctor`: whether the configuration fits the live homeserver and the networks, and what to change. Works before
 * the first start and beside a running bridge; accounts are looked at by the running bridge, which alone has their
 * credentials.
 */
import { ChanceryError, messageOf } from '../base/errors.ts';
import { HttpListener } from '../base/http-listener.ts';
import { createLog } from '../base/logging.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import { examineHomeserver } from '../matrix/examination.ts';
import { examineHomeserverSettings } from '../matrix/homeserver-settings.ts';
import { Homeserver } from '../matrix/homeserver.ts';
import { readRegistration, type Registration } from '../matrix/read-registration.ts';
import { transactionRoutes } from '../matrix/transactions.ts';
import { type Finding, fault, good, warning } from '../model/finding.ts';
import { readDatabaseKey } from '../vault/database-key.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { accountExaminations } from './control-step.ts';
import { examineFfmpeg } from './ffmpeg.ts';
import { registrationOptions } from './registration.ts';

export interface DoctorOptions {
  readonly config: string;
  readonly json: boolean;
  /** Synapse's homeserver.yaml. */
  readonly homeserverConfig?: string;
}

const accountsMs = 120_000;

/** Resolves to the exit code: 0 all is well, 1 warnings, 2 faults. Throws as `check-config` does. */
export async function doctor({ config: path, json, homeserverConfig }: DoctorOptions): Promise<0 | 1 | 2> {
  const config = await readConfiguration(path);
  const findings = await examine(config, homeserverConfig);
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  process.stdout.write(
    json ? `${JSON.stringify({ faults, warnings, findings })}\n` : inWords(findings, faults, warnings),
  );
  return faults > 0 ? 2 : warnings > 0 ? 1 : 0;
}

/** Whether what happens is kept. */
const examineRecords = ({ records }: Config): Finding => {
  const { recipients, heads_directory: folder, heads_url: url } = records;
  if (recipients.length === 0)
    return warning(
      'records.kept',
      'No ledger is kept: what is deleted on the homeserver is gone, and nothing of what was said can be proven.',
      'Make a key with `chancery records keygen`, and put what it prints into records.recipients.',
    );
  return folder === undefined && url === undefined
    ? warning(
        'records.kept',
        `A ledger is kept for ${recipients.length} officers, but nobody outside keeps its heads: who has this machine could make another one.`,
        'Set records.heads_directory to a folder on another machine, or records.heads_url.',
      )
    : good(
        'records.kept',
        `A ledger is kept for ${recipients.length} officers, and its heads are put outside as well.`,
      );
};

async function examine(config: Config, homeserverConfig: string | undefined): Promise<Finding[]> {
  const findings = [await examineKey(config), examineRecords(config), await examineFfmpeg(config)];
  let registration: Registration;
  try {
    registration = await readRegistration(config.appservice.registration_file);
  } catch (thrown) {
    return [...findings, fault('registration.readable', messageOf(thrown), 'Run `chancery registration`.')];
  }
  const running = await askRunning(config);
  const listening = running === undefined ? await listenInstead(config, registration) : undefined;
  if (listening !== undefined) findings.push(listening.finding);
  try {
    findings.push(...(await examineServer(config, registration)));
  } finally {
    await listening?.stop();
  }
  if (homeserverConfig !== undefined)
    findings.push(...(await examineHomeserverSettings(homeserverConfig, registration)));
  return [...findings, ...(running ?? [])];
}

async function examineKey({ data }: Config): Promise<Finding> {
  try {
    await readDatabaseKey({ keyFile: data.key_file, environment: process.env });
    return good('data.key', 'The key of the database is there.');
  } catch (thrown) {
    const advice = thrown instanceof ChanceryError ? thrown.advice : 'Run `chancery keygen`.';
    return fault('data.key', messageOf(thrown), advice);
  }
}

async function examineServer(config: Config, registration: Registration): Promise<Finding[]> {
  const { url, server_name: serverName } = config.homeserver;
  const homeserver = new Homeserver({ url, serverName, token: registration.as_token });
  try {
    const wanted = registrationOptions(config);
    return await examineHomeserver({ homeserver, url, registration, wanted, now: () => systemClock.now() });
  } finally {
    await homeserver.close();
  }
}

/** What the running bridge says of itself and its accounts; undefined when none runs. */
async function askRunning({ data }: Config): Promise<Finding[] | undefined> {
  const running = good('bridge.running', 'The bridge runs.');
  try {
    const client = new ControlClient(data.directory);
    const { accounts } = await client.ask(accountExaminations, { path: '/examination', timeoutMs: accountsMs });
    if (accounts.length > 0) return [running, ...accounts.flatMap(({ id, findings }) => findings.map(about(id)))];
    return [running, warning('accounts', 'No account is connected.', 'Connect one with `chancery login whatsapp`.')];
  } catch (thrown) {
    if (thrown instanceof ChanceryError && thrown.code === 'CH-NOT-RUNNING') return undefined;
    throw thrown;
  }
}

const about =
  (account: string) =>
  (finding: Finding): Finding => ({ ...finding, words: `${account}: ${finding.words}` });

/** In the bridge's place, so that the homeserver has somebody to reach; what it delivers meanwhile it delivers again. */
async function listenInstead(
  { appservice }: Config,
  { hs_token: homeserverToken }: Registration,
): Promise<{ finding: Finding; stop(): Promise<void> }> {
  const declined = (): Promise<never> => Promise.reject(new ChanceryError('CH-HTTP-STOPPING'));
  const listener = new HttpListener(transactionRoutes({ homeserverToken, accept: declined }), createLog('silent'));
  const { host, port } = appservice;
  try {
    await listener.start({ host, port });
  } catch (thrown) {
    const advice = 'End what uses this address, or choose another in appservice.host and appservice.port.';
    const finding = fault(
      'bridge.listens',
      `The bridge could not listen on ${host}:${port}. ${messageOf(thrown)}`,
      advice,
    );
    return { finding, stop: async () => undefined };
  }
  const words = 'The bridge does not run: accounts could not be looked at.';
  return {
    finding: warning('bridge.running', words, 'Start it with `chancery start`, and run `chancery doctor` again.'),
    stop: () => listener.stop(),
  };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const marks = { good: 'ok      ', warning: 'WARNING ', fault: 'FAULT   ' } as const;

function inWords(findings: readonly Finding[], faults: number, warnings: number): string {
  const lines = findings.flatMap(({ check, severity, words, advice }) => [
    `${marks[severity]}${check}: ${words}`,
    ...(advice === undefined ? [] : [`        what to do: ${advice}`]),
  ]);
  return [
    ...lines,
    '',
    `${counted(faults, 'fault')}, ${counted(warnings, 'warning')}, ${counted(findings.length, 'check')}`,
    '',
  ].join('\n');
}
