/** The control socket of the running bridge, with real logins behind it. */
import { createLog } from '../../../src/base/logging.ts';
import { ControlServer } from '../../../src/cli/control-server.ts';
import { PendingLogins } from '../../../src/cli/pending-logins.ts';
import { controlSocketIn } from '../../../src/cli/sockets.ts';
import { ChanceryError } from '../../../src/base/errors.ts';
import { HttpClient } from '../../../src/base/http-client.ts';
import { whatsAppConfig } from '../../../src/networks/whatsapp/config.ts';
import { WhatsAppLogin } from '../../../src/networks/whatsapp/login.ts';
import type { Dice } from '../dice.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { mutateRequest, type RawRequest, rawRequest, type RequestParts } from '../mutate/request.ts';
import { type Attack, Fault, type Stand, type Target } from '../target.ts';
import { judge, Wire } from '../wire.ts';

const bodies: readonly [object, ...object[]] = [
  { network: 'whatsapp' },
  { answers: { phone_number_id: '106540352242922', access_token: 'EAAG', app_secret: 'c0ffee', verify_token: '' } },
  { answers: { phone_number_id: 'x' } },
  { answers: {} },
];

export const controlListener: Target = {
  name: 'control',
  async open(directory) {
    const http = new HttpClient(['http://127.0.0.1:9'], { unreachable: 'CH-NETWORK-UNREACHABLE' });
    const config = whatsAppConfig.parse({ graph_url: 'http://127.0.0.1:9' });
    let kept = 0;
    let now = 0;
    const logins = new PendingLogins({ now: () => now });
    const target = {
      // Else the eighth login would be the last of the run.
      status: async () => ({ live: true, now: (now += 3_600_000) }),
      examine: async () => ({ accounts: [] }),
      loginMatrix: async () => undefined,
      logoutMatrix: async () => false,
      beginLogin: async (network: string) => {
        if (network !== 'whatsapp') throw new ChanceryError('CH-LOGIN-INVALID', { place: network });
        now += 120_000;
        return logins.begin(new WhatsAppLogin({ http, config, onCall: () => undefined }), async () => void (kept += 1));
      },
      answerLogin: (id: string, answers: Readonly<Record<string, string>>) => logins.answer(id, answers),
    };
    const place = { data: { directory }, records: { recipients: [], epoch_hours: 24 } };
    const server = new ControlServer(place, target, createLog('silent'));
    await server.start();
    const wire = new Wire({ path: controlSocketIn(directory).path });
    return new ControlStand(
      wire,
      () => kept,
      async () => {
        wire.close();
        await server.stop();
        await http.close();
      },
    );
  },
};

class ControlStand implements Stand {
  readonly #wire: Wire;
  readonly #kept: () => number;
  readonly close: () => Promise<void>;
  #login = '00000000-0000-0000-0000-000000000000';

  constructor(wire: Wire, kept: () => number, close: () => Promise<void>) {
    this.#wire = wire;
    this.#kept = kept;
    this.close = close;
  }

  attack(dice: Dice): Attack {
    const request = requestWith(dice, this.#login);
    return { body: request.bytes, run: () => this.#run(request) };
  }

  async stillWorks(): Promise<void> {
    const { statuses } = await this.#wire.ask(
      rawRequest({ method: 'GET', path: '/status', headers: {}, body: Buffer.alloc(0) }),
    );
    if (statuses[0] !== 200)
      throw new Fault('crash', `the status is answered with ${String(statuses[0])} after all that`);
  }

  async #run(request: RawRequest): Promise<void> {
    const heard = await this.#wire.ask(request);
    judge(heard, request.orderly);
    this.#login = /"id":"([0-9a-f-]{36})"/.exec(heard.text)?.[1] ?? this.#login;
    // The network behind it is away, so that no login can have ended well.
    if (this.#kept() > 0) throw new Fault('stored_unaccepted', 'an account was kept that nobody checked');
  }
}

function requestWith(dice: Dice, login: string): RawRequest {
  const value = dice.pick(bodies);
  const json = Buffer.from(JSON.stringify(value));
  const body = dice.chance(10)
    ? json
    : dice.chance(30)
      ? mutateBytes(dice, json, json)
      : Buffer.from(mutateJson(dice, value));
  const path = dice.pick(['/logins', `/logins/${login}`, `/logins/${login}`, '/status']);
  const parts: RequestParts = {
    method: path === '/status' ? 'GET' : 'POST',
    path,
    headers: { 'Content-Type': 'application/json' },
    body,
  };
  return dice.chance(20) ? mutateRequest(dice, parts) : rawRequest(parts);
}
