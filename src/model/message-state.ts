/**
 * The visible state of one part of a message on its way.
 *
 *   pending -> sending -> sent -> delivered -> read
 *                  \-> failed        \-> uncertain (nobody can tell whether the call went through)
 *
 * `superseded`: an admin had the message sent again; the new attempt has a part of its own.
 *
 * Networks report out of order and repeat themselves, so states only ever advance. A report from the network about an
 * `uncertain` part is the evidence that was missing; a `failed` beside `delivered` is not believed, beside `sent` it is.
 */
export const messageStates = [
  'pending',
  'sending',
  'uncertain',
  'failed',
  'sent',
  'delivered',
  'read',
  'superseded',
] as const;
export type MessageState = (typeof messageStates)[number];

/** The state after `reported` was learnt in `current`; the same as `current` when it brings nothing new. */
export function advance(current: MessageState, reported: MessageState): MessageState {
  if (reported === 'failed') return rank(current) > rank('sent') ? current : 'failed';
  if (current === 'failed' && reported === 'sent') return current;
  return rank(reported) > rank(current) ? reported : current;
}

const rank = (state: MessageState): number => messageStates.indexOf(state);
