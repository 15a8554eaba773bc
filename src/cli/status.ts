/** `chancery status`: how the running bridge is. Also the health check of the container. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';

const answerMs = 5_000;
const shape = z.looseObject({ live: z.boolean() });

/** Resolves to the exit code: 0 when the bridge is live, 1 when it says that it is not. Throws `CH-NOT-RUNNING`. */
export async function status({
  config: path,
  json,
}: {
  readonly config: string;
  readonly json: boolean;
}): Promise<0 | 1> {
  const { data } = await readConfiguration(path);
  const answer = await new ControlClient(data.directory).ask(shape, { path: '/status', timeoutMs: answerMs });
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : stringify(answer));
  return answer.live ? 0 : 1;
}
