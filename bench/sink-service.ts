/**
 * An application service that only answers 200: what any bridge could hear of a homeserver at best. It has rooms like
 * portals, with a bot, a ghost and an official inside.
 */
import { join } from 'node:path';
import { portalRoom } from '../src/matrix/portal-room.ts';
import { Homeserver } from '../src/matrix/homeserver.ts';
import { Identifiers } from '../src/matrix/identifiers.ts';
import { makeRegistration, writeRegistration } from '../src/matrix/registration.ts';
import { type AccountId, asId, type ChatId, type ContactId, type NetworkId, type UserId } from '../src/model/ids.ts';
import { type Asked, InstantServer } from './instant-server.ts';

const namespacePrefix = '_sink_';
const botLocalpart = 'sink';
const network = asId<NetworkId>('sink');
const account = asId<AccountId>('sink/1');

export class SinkService {
  readonly registrationFile: string;
  readonly #server: InstantServer;
  #token = '';

  /** `onMessage` hears of every message with a body that is pushed. */
  constructor(directory: string, onMessage: (room: string, body: string) => void) {
    this.registrationFile = join(directory, 'sink.yaml');
    this.#server = new InstantServer((asked) => take(asked, onMessage));
  }

  /** Before the homeserver starts: it reads the registration then. */
  async start(serverName: string): Promise<void> {
    const url = await this.#server.start();
    const registration = await makeRegistration({ id: 'sink', url, serverName, botLocalpart, namespacePrefix });
    this.#token = registration.as_token;
    await writeRegistration(this.registrationFile, registration, { overwrite: true });
  }

  /** Rooms into which this official is invited. */
  async makeRooms(url: string, serverName: string, official: string, count: number): Promise<string[]> {
    const homeserver = new Homeserver({ url, serverName, token: this.#token });
    const identifiers = new Identifiers({ secret: new Uint8Array(32), serverName, namespacePrefix, botLocalpart });
    const acting = (user: UserId) => ({ user, device: identifiers.device(user) });
    const ready = async (user: UserId) => {
      await homeserver.registerUser(user);
      await homeserver.ensureDevice(user, identifiers.device(user));
      return acting(user);
    };
    const bot = await ready(identifiers.bot);
    const rooms: string[] = [];
    for (let number = 0; number < count; number += 1) {
      const chat = String(number);
      const aliasLocalpart = identifiers.portalAlias(network, account, asId<ChatId>(chat));
      const channel = { id: aliasLocalpart, displayName: chat };
      const bridge = { bot: bot.user, network: { id: network, displayName: 'Sink' }, channel };
      const recipe = portalRoom({ aliasLocalpart, name: `${chat} (Sink)`, topic: 'Sink', invite: [], bridge });
      const { room } = await homeserver.createRoom(bot, recipe);
      const ghost = await ready(identifiers.ghost(network, asId<ContactId>(chat)));
      await homeserver.invite({ as: bot, room }, ghost.user);
      await homeserver.join({ as: ghost, room });
      await homeserver.invite({ as: bot, room }, asId<UserId>(official));
      rooms.push(room);
    }
    await homeserver.close();
    return rooms;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}

interface Transaction {
  readonly events: readonly { readonly room_id: string; readonly content: { readonly body?: string } }[];
}

function take(
  { method, body }: Asked,
  onMessage: (room: string, body: string) => void,
): [status: number, body: object] {
  if (method !== 'PUT') return [200, {}];
  for (const event of (JSON.parse(body.toString()) as Transaction).events)
    if (event.content.body !== undefined) onMessage(event.room_id, event.content.body);
  return [200, {}];
}
