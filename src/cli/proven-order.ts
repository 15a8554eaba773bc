/** An order that only an officer may give, with the proof that one gives it. */
import type { z } from 'zod';
import { answerTo, openChallenge } from '../vault/officer-challenge.ts';
import type { OfficerKey } from '../vault/officer-key.ts';
import type { ControlClient } from './control-client.ts';
import { challengeGiven } from './records-routes.ts';

const withinMs = 60_000;

/**
 * What the bridge answers. Throws `CH-NOT-RUNNING`, `CH-RECORDS-KEY-WRONG` and `CH-RECORDS-DAMAGED` for a challenge that
 * is none, and what the bridge says against it.
 */
export async function giveOrder<Shape extends z.ZodType>(
  client: ControlClient,
  officer: OfficerKey,
  { shape, path, order }: { readonly shape: Shape; readonly path: string; readonly order: unknown },
): Promise<z.output<Shape>> {
  const { id, sealed } = await client.ask(challengeGiven, {
    path: '/records/challenges',
    body: { recipient: officer.recipient },
    timeoutMs: withinMs,
  });
  const text = JSON.stringify(order);
  const answer = answerTo(await openChallenge(sealed, officer), text);
  return client.ask(shape, { path, body: { challenge: id, order: text, answer }, timeoutMs: withinMs });
}
