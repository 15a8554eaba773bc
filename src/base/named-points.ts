/**
 * Named points between two durable steps. In production nobody listens and passing one costs a few nanoseconds;
 * the fault tests subscribe to the channel and kill the process there.
 */
import { channel } from 'node:diagnostics_channel';

/** The names, in the order in which a message passes them; then that of an officer's disposal. */
export const namedPoints = [
  'inbound.received',
  'inbound.accepted',
  'inbound.room-created',
  'inbound.room-recorded',
  'inbound.ghost-ready',
  'inbound.media-sealed',
  'inbound.media-reserved',
  'inbound.media-uploaded',
  'inbound.sent',
  'inbound.done',
  'outbound.received',
  'outbound.accepted',
  'outbound.media-sealed',
  'outbound.media-transcoded',
  'outbound.media-uploaded',
  'outbound.sending',
  'outbound.sent',
  'outbound.done',
  'disposal.recorded',
] as const;

export type NamedPoint = (typeof namedPoints)[number];

export const namedPointChannel = 'chancery:point';
const points = channel(namedPointChannel);

export function reached(point: NamedPoint): void {
  if (points.hasSubscribers) points.publish(point);
}
