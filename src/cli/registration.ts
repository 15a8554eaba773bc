/** `chancery registration`: writes the file that makes bridge and homeserver known to each other. */
import { ChanceryError, messageOf } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import {
  makePuppetRegistration,
  makeRegistration,
  type RegistrationOptions,
  writeRegistration,
} from '../matrix/registration.ts';
import type { Registration } from '../matrix/read-registration.ts';
import { readConfiguration } from './configuration.ts';

interface Options {
  readonly config: string;
  readonly force: boolean;
}

/** What the registration takes from the configuration. */
export function registrationOptions({ appservice, homeserver }: Config): RegistrationOptions {
  return {
    id: appservice.id,
    url: appservice.url,
    serverName: homeserver.server_name,
    botLocalpart: appservice.bot,
    namespacePrefix: appservice.namespace,
  };
}

export async function registration({ config: path, force }: Options): Promise<void> {
  const config = await readConfiguration(path);
  const options = registrationOptions(config);
  const wanted = [{ file: config.appservice.registration_file, make: makeRegistration }];
  const puppets = config.double_puppets.registration_file;
  if (puppets !== undefined) wanted.push({ file: puppets, make: makePuppetRegistration });
  const written: string[] = [];
  for (const { file, make } of wanted) if (await write(file, await make(options), force)) written.push(file);
  if (written.length === 0) {
    const detail =
      'There is already a file here, and it was not touched. --force replaces it with new tokens, which the homeserver then needs too.';
    throw new ChanceryError('CH-REGISTRATION-INVALID', { place: config.appservice.registration_file, detail });
  }
  process.stdout.write(`Wrote ${written.join(' and ')}, readable by its owner only. It holds tokens: keep it as you keep a password.

Next:
  1. Give the homeserver what was written. For Synapse, copy it to where Synapse can read it and name it in homeserver.yaml:
       app_service_config_files:
${wanted.map(({ file }) => `         - ${file}`).join('\n')}
  2. Restart the homeserver. It reaches the bridge at ${config.appservice.url}.
  3. Start the bridge: chancery start --config ${path}
`);
}

async function write(file: string, registration: Registration, overwrite: boolean): Promise<boolean> {
  try {
    return await writeRegistration(file, registration, { overwrite });
  } catch (thrown) {
    const detail = `It could not be written: ${messageOf(thrown)}.`;
    throw new ChanceryError('CH-REGISTRATION-INVALID', { place: file, detail, cause: thrown });
  }
}
