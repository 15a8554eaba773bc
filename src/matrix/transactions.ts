/**
 * The homeserver's way in (application service API): a transaction is answered with 200 only after `accept` made it
 * durable. What cannot be stored now is answered with its own status (503 for `CH-STORE-*`), and comes again.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { equalSecrets } from '../base/constant-time.ts';
import { ChanceryError } from '../base/errors.ts';
import type { HttpReply, Route } from '../base/http-listener.ts';
import { type EphemeralEvent, readEphemeral } from './ephemeral.ts';
import { isReadable, type RoomEvent, readRoomEvents, type UnreadableEvent } from './room-event.ts';

/** What one transaction brought, in the homeserver's order. */
export interface TransactionBatch {
  /** The homeserver's id of it: worth a hint, and nothing more. */
  readonly transaction: string;
  readonly events: readonly RoomEvent[];
  /** To be set aside: the homeserver repeats a refused transaction for ever, so these must not stop it. */
  readonly unreadable: readonly UnreadableEvent[];
  readonly ephemeral: readonly EphemeralEvent[];
}

export interface TransactionOptions {
  /** The registration's `hs_token`. */
  readonly homeserverToken: string;
  /**
   * Resolves when the batch is durable. Called again with the same events when the homeserver saw no 200: they are told
   * apart by event id, never by the transaction's, because a homeserver may begin to count anew.
   */
  readonly accept: (batch: TransactionBatch) => Promise<void>;
}

/** A transaction holds at most 100 events of at most 64 KiB each, and as many ephemeral ones. */
const maxTransactionBytes = 9 * 1024 * 1024;
const maxPingBytes = 64 * 1024;

const transactionShape = z.object({
  events: z.array(z.unknown()),
  ephemeral: z.array(z.unknown()).catch([]).optional(),
  'de.sorunome.msc2409.ephemeral': z.array(z.unknown()).catch([]).optional(),
});

/** Application service API: transactions, ping, and queries of users and rooms, which are never made on demand. */
export function transactionRoutes({ homeserverToken, accept }: TransactionOptions): Route[] {
  const authorise = (headers: IncomingHttpHeaders): void => checkToken(headers, homeserverToken);
  const nobody = async (): Promise<HttpReply> => notFound;
  return [
    {
      method: 'PUT',
      path: '/_matrix/app/v1/transactions/:transaction',
      maxBodyBytes: maxTransactionBytes,
      authorise,
      handle: async ({ params, body }) => {
        await accept({ transaction: params['transaction'] ?? '', ...readTransaction(body) });
        return { status: 200, body: {} };
      },
    },
    {
      method: 'POST',
      path: '/_matrix/app/v1/ping',
      maxBodyBytes: maxPingBytes,
      authorise,
      handle: async () => ({ status: 200, body: {} }),
    },
    { method: 'GET', path: '/_matrix/app/v1/users/:user', maxBodyBytes: 0, authorise, handle: nobody },
    { method: 'GET', path: '/_matrix/app/v1/rooms/:alias', maxBodyBytes: 0, authorise, handle: nobody },
  ];
}

const notFound: HttpReply = {
  status: 404,
  body: { errcode: 'M_NOT_FOUND', error: 'Users and rooms of this bridge are made by the bridge only.' },
};

/** Throws `CH-HTTP-UNAUTHORISED` without a token, `CH-HTTP-FORBIDDEN` with a wrong one. */
function checkToken({ authorization }: IncomingHttpHeaders, expected: string): void {
  const given = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) {
    throw new ChanceryError('CH-HTTP-UNAUTHORISED', { detail: 'The Authorization header must carry the hs_token.' });
  }
  if (!equalSecrets(given, expected)) {
    throw new ChanceryError('CH-HTTP-FORBIDDEN', { detail: 'The token is not the hs_token of the registration.' });
  }
}

/** Throws `CH-HTTP-BAD-BODY`. */
function readTransaction(body: Uint8Array): Omit<TransactionBatch, 'transaction'> {
  const parsed = transactionShape.safeParse(parse(body));
  if (!parsed.success) throw new ChanceryError('CH-HTTP-BAD-BODY', { detail: z.prettifyError(parsed.error) });
  const { events, ephemeral, 'de.sorunome.msc2409.ephemeral': unstableEphemeral } = parsed.data;
  const read = readRoomEvents(events);
  return {
    events: read.filter(isReadable),
    unreadable: read.flatMap((event) => (isReadable(event) ? [] : [event])),
    ephemeral: (ephemeral ?? unstableEphemeral ?? []).flatMap((event) => readEphemeral(event) ?? []),
  };
}

/** Depth is judged event by event: one that somebody nested absurdly must not hold up the other ninety-nine. */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new ChanceryError('CH-HTTP-BAD-BODY', { detail: 'It is not JSON in UTF-8.' });
  }
}
