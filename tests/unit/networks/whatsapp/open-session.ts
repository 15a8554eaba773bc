/** A session of one number against a Graph API of the test, with a clock and contacts that the test sets. */
import { Readable } from 'node:stream';
import { createLog } from '../../../../src/base/logging.ts';
import type { MeasuredCall } from '../../../../src/base/metrics.ts';
import type { SealedFile } from '../../../../src/model/content.ts';
import {
  type AccountId,
  asId,
  type ChatId,
  type ContactId,
  type MediaName,
  type SendKey,
} from '../../../../src/model/ids.ts';
import { plainText } from '../../../../src/model/rich-text.ts';
import type { Account, NetworkRuntime, Outgoing, Session, Sink } from '../../../../src/networks/contract.ts';
import { type WhatsAppConfig, whatsAppConfig } from '../../../../src/networks/whatsapp/config.ts';
import { senderOf } from '../../../../src/networks/whatsapp/identity.ts';
import { whatsapp } from '../../../../src/networks/whatsapp/network.ts';
import { MemoryState } from './memory-state.ts';

export const phoneNumberId = '106540352242922';
export const account: Account = {
  id: asId<AccountId>(`whatsapp/${phoneNumberId}`),
  network: whatsapp.id,
  displayName: 'City Hall',
  credentials: { phoneNumberId, accessToken: 'EAAG-token', appSecret: 'c0ffee', verifyToken: 'let me in' },
};
export const ada = '16505551234';
export const chat = asId<ChatId>(ada);
export const sendKey = asId<SendKey>('chancery:key');
export const fileBytes = Buffer.from('the bytes of a file');
export const sealed: SealedFile = { name: asId<MediaName>('sealed'), sizeBytes: fileBytes.length, sha256: '00' };

export const text = (words: string, more: Partial<Outgoing> = {}): Outgoing => ({
  chat,
  sendKey,
  content: { type: 'text', text: plainText(words) },
  ...more,
});

const nobody: Sink = {
  accept: () => Promise.reject(new Error('a session takes nothing in')),
  quarantine: () => Promise.reject(new Error('a session takes nothing in')),
};

interface MeasuredOperation {
  readonly operation: string;
  readonly call: MeasuredCall;
}

export interface OpenSession {
  readonly session: Session;
  readonly runtime: NetworkRuntime;
  readonly state: MemoryState;
  /** Milliseconds since the Unix epoch; a test may change it. */
  readonly clock: { time: number };
  /** What was told of calls to the network. */
  readonly calls: readonly MeasuredOperation[];
  /** Somebody wrote at that time. */
  wrote(names: { phone?: string; userId?: string }, at?: number): Promise<ContactId | undefined>;
}

export function openSession(graphUrl: string, config: Partial<WhatsAppConfig> = {}): OpenSession {
  const clock = { time: Date.UTC(2026, 5, 1, 12) };
  const state = new MemoryState();
  const calls: MeasuredOperation[] = [];
  const runtime = whatsapp.create(
    { ...whatsAppConfig.parse({ graph_url: graphUrl }), ...config },
    {
      sink: nobody,
      clock: { now: () => clock.time },
      log: createLog('silent'),
      onCall: (operation, call) => calls.push({ operation, call }),
      onAccount: () => undefined,
      stateOf: () => state,
      openFile: () => Readable.from([fileBytes], { objectMode: false }),
    },
  );
  return {
    session: runtime.connect(account),
    runtime,
    state,
    clock,
    calls,
    wrote: async (names, at = clock.time) => (await senderOf(state, { ...names, at, wrote: true }))?.contact,
  };
}

export const never = new AbortController().signal;
