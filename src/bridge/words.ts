/** What the bridge says at a message, in plain words: what happened, and what to do. */
export const words = {
  notPermitted: (network: string): string =>
    `This was not sent to ${network}: you are not among those who may write here. Ask your administrator (rooms.officials).`,
  cannotEdit: (network: string): string =>
    `${network} cannot change a message that was sent: the other side still reads the first version. Send the correction as a new message.`,
  editOfUnsent: (network: string): string =>
    `That message was not sent to ${network}, so there is nothing to change. Send the correction as a new message.`,
  undelivered: (network: string, reason: string): string => `${network} did not deliver this. ${reason}`,
  cannotDelete: (network: string): string =>
    `${network} cannot take back a message that was sent: the other side still has it.`,
  cannotSend: (network: string, what: string): string =>
    `This was not sent: ${network} does not get ${what} from here. Write it as text, or send it as a file.`,
  noSuchTarget: (network: string): string =>
    `This was not sent: ${network} does not know the message that it refers to.`,
  notDelivered: (network: string, reason: string): string => `This was not sent to ${network}. ${reason}`,
  uncertain: (network: string): string =>
    `Nobody can tell whether this reached ${network}: its answer did not come, or made no sense. It is not sent again by itself. Ask the other side; if it is missing, write it again, or have an administrator use \`retry\`.`,
  tooLarge: (network: string, megabytes: number): string =>
    `This file was not sent: ${network} takes at most ${megabytes} MB of this kind.`,
  kindNotTaken: (network: string, kind: string): string =>
    `This was not sent: ${network} takes no file of this kind (${kind}).`,
  dropped: (network: string, reason: string): string =>
    `This was not sent to ${network}, or not all of it: an administrator took it out of the queue. ${reason}`,
  droppedOnItsWay: (network: string, reason: string): string =>
    `Nobody can tell whether this reached ${network}, and an administrator took it out of the queue. ${reason}`,
  droppedOnItsWayIn: (network: string, receivedAt: Date, reason: string): string =>
    `Something that came from ${network} at ${receivedAt.toISOString()} could not be shown here: an administrator took it out of the queue. ${reason}`,
  closed:
    'This room no longer belongs to a chat: what is written here from now on reaches nobody. What was said in it stays.',
  fileGone: 'This file was not sent: the homeserver does not have it any more. Send it again.',
} as const;
