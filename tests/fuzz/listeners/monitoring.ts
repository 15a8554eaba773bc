/** Where those look who watch the bridge: nobody may change or break anything by asking. */
import { createLog } from '../../../src/base/logging.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Monitoring } from '../../../src/cli/monitoring.ts';
import type { Dice } from '../dice.ts';
import { mutateRequest, rawRequest, type RequestParts } from '../mutate/request.ts';
import { type Attack, Fault, type Stand, type Target } from '../target.ts';
import { judge, Wire } from '../wire.ts';

export const monitoringListener: Target = {
  name: 'monitoring',
  async open() {
    const monitoring = new Monitoring({
      metrics: new Metrics(),
      log: createLog('silent'),
      missing: () => [],
      readDatabase: async () => undefined,
      measure: async () => undefined,
    });
    const wire = new Wire({ host: '127.0.0.1', port: await monitoring.start({ host: '127.0.0.1', port: 0 }) });
    return new MonitoringStand(wire, async () => {
      wire.close();
      await monitoring.stop();
    });
  },
};

class MonitoringStand implements Stand {
  readonly #wire: Wire;
  readonly close: () => Promise<void>;

  constructor(wire: Wire, close: () => Promise<void>) {
    this.#wire = wire;
    this.close = close;
  }

  attack(dice: Dice): Attack {
    const request = dice.chance(10) ? rawRequest(partsFor(dice)) : mutateRequest(dice, partsFor(dice));
    return { body: request.bytes, run: async () => judge(await this.#wire.ask(request), request.orderly) };
  }

  async stillWorks(): Promise<void> {
    const { statuses } = await this.#wire.ask(
      rawRequest({ method: 'GET', path: '/live', headers: {}, body: Buffer.alloc(0) }),
    );
    if (statuses[0] !== 200) throw new Fault('crash', `it is answered with ${String(statuses[0])} after all that`);
  }
}

const partsFor = (dice: Dice): RequestParts => ({
  method: 'GET',
  path: dice.pick(['/live', '/ready', '/metrics']),
  headers: {},
  body: Buffer.from(dice.pick(['', 'x', '{"a":1}'])),
});
