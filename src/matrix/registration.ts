/**
 * The registration that bridge and homeserver share (application service API, "Registration"). The bridge claims its
 * own users and aliases and nothing else: what it is pushed is what happens in rooms where its users are.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { stringify } from 'yaml';
import { systemCodeOf } from '../base/errors.ts';
import type { Registration } from './read-registration.ts';

export interface RegistrationOptions {
  /** Names the bridge on its homeserver; never changes. */
  readonly id: string;
  /** Where the homeserver reaches the bridge; null when it is to push nothing. */
  readonly url: string | null;
  readonly serverName: string;
  readonly botLocalpart: string;
  /** What the localparts of ghosts and portal aliases begin with. */
  readonly namespacePrefix: string;
}

/**
 * With new random tokens. `sender_localpart` is a throwaway name because Synapse refuses /sync to that user; the bot is
 * an ordinary user of the namespace.
 */
export async function makeRegistration(options: RegistrationOptions): Promise<Registration> {
  const { id, url, serverName, botLocalpart, namespacePrefix } = options;
  // Loading the library costs 50 MB, which the running bridge does without.
  const { AppServiceRegistration } = await import('matrix-appservice-bridge');
  const server = literally(serverName);
  const prefix = literally(namespacePrefix);
  const registration = new AppServiceRegistration(url);
  registration.setId(id);
  registration.setAppServiceToken(AppServiceRegistration.generateToken());
  registration.setHomeserverToken(AppServiceRegistration.generateToken());
  registration.setSenderLocalpart(`${namespacePrefix}sender`);
  registration.setRateLimited(false);
  registration.addRegexPattern('users', `^@${prefix}.*:${server}$`, true);
  registration.addRegexPattern('users', `^@${literally(botLocalpart)}:${server}$`, true);
  registration.addRegexPattern('aliases', `^#${prefix}.*:${server}$`, true);
  const { namespaces, ...output } = registration.getOutput();
  return {
    ...output,
    rate_limited: false,
    receive_ephemeral: true,
    'io.element.msc4190': true,
    namespaces: { users: namespaces?.users ?? [], aliases: namespaces?.aliases ?? [], rooms: [] },
  };
}

/**
 * A second registration: its token may speak as every user of the homeserver, and without a URL the homeserver pushes
 * nothing of their other rooms. It claims nobody for itself.
 */
export async function makePuppetRegistration({
  id,
  serverName,
  namespacePrefix,
}: RegistrationOptions): Promise<Registration> {
  const { AppServiceRegistration } = await import('matrix-appservice-bridge');
  return {
    id: `${id}-puppets`,
    url: null,
    as_token: AppServiceRegistration.generateToken(),
    hs_token: AppServiceRegistration.generateToken(),
    sender_localpart: `${namespacePrefix}puppets`,
    rate_limited: false,
    'io.element.msc4190': true,
    namespaces: {
      users: [{ exclusive: false, regex: `^@.*:${literally(serverName)}$` }],
      aliases: [],
      rooms: [],
    },
  };
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/**
 * Writes the file for its owner only. One that is there already is left alone, with its tokens, unless `overwrite` is
 * asked for. Tells whether it wrote.
 */
export async function writeRegistration(
  path: string,
  registration: Registration,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<boolean> {
  const text = `# Shared with the homeserver only: the tokens let anyone act as the bridge.\n${stringify(registration)}`;
  if (!overwrite) return create(path, text);
  const beside = `${path}.${process.pid}.new`;
  await create(beside, text);
  await rename(beside, path);
  return true;
}

/** False when the file exists. */
async function create(path: string, text: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
}
