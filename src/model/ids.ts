/**
 * Branded ids. An id that a network or a homeserver made is opaque: it is compared and kept, never parsed.
 */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A network's name: `whatsapp`, `signal`, ... */
export type NetworkId = Branded<string, 'NetworkId'>;
/** One connected identity on a network; made here, also used as the key of its row. */
export type AccountId = Branded<string, 'AccountId'>;
/** A conversation, as its network names it. */
export type ChatId = Branded<string, 'ChatId'>;
/** A person on a network, as the network's adapter names them. */
export type ContactId = Branded<string, 'ContactId'>;
/** One delivery of something by a network; a repeated delivery has the same id. */
export type RemoteEventId = Branded<string, 'RemoteEventId'>;
/** A message, as its network names it. */
export type RemoteMessageId = Branded<string, 'RemoteMessageId'>;
/** Sent along with a message where the network echoes it, so that its fate is known after a crash. */
export type SendKey = Branded<string, 'SendKey'>;

/** A Matrix user, room, event and stored file. */
export type UserId = Branded<string, 'UserId'>;
export type RoomId = Branded<string, 'RoomId'>;
export type EventId = Branded<string, 'EventId'>;
export type ContentUri = Branded<string, 'ContentUri'>;

/** Numbers of rows in the database. */
export type PortalId = Branded<number, 'PortalId'>;
export type JournalId = Branded<number, 'JournalId'>;
export type PartId = Branded<number, 'PartId'>;
/** The ordered queue of one portal in one direction. */
export type LaneKey = Branded<string, 'LaneKey'>;
/** Name of a sealed file in the media folder. */
export type MediaName = Branded<string, 'MediaName'>;

/** Marks a plain value as an id. Used where values enter the house: database rows, decoders, configuration. */
export function asId<Id extends Branded<string, string> | Branded<number, string>>(
  value: Id extends string ? string : number,
): Id {
  return value as unknown as Id;
}
