/** The part of the control API that plays the citizens. */
import { changeNumber, react, read, write, type Writing } from './citizen-side.ts';
import type { Citizen } from './citizens.ts';
import {
  citizenShape,
  mediaShape,
  numberShape,
  otherShape,
  reactionShape,
  readShape,
  textShape,
} from './control-shape.ts';
import type { ControlRoute } from './control-route.ts';
import { accountOf, citizenOf, groupOf } from './control-names.ts';
import { reactInGroup, writeInGroup } from './group-talk.ts';
import type { Group } from './groups.ts';
import type { MediaSource, StoredMedia } from './media-files.ts';
import { mediaFact } from './media-files.ts';
import type { AccountConfig } from './options.ts';
import type { Simulation } from './simulation.ts';

const usualMime = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/ogg; codecs=opus',
  document: 'application/pdf',
  sticker: 'image/webp',
} as const;

export const citizenRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: /^\/citizens$/,
    run: (world, { body }) => world.citizens.put(citizenShape.parse(body)),
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/text$/,
    run: (world, { name, body }) => {
      const { text, account, group, ...context } = textShape.parse(body);
      const writing = { ...context, type: 'text', content: { body: text } };
      return { messageId: say(world, placeOf(world, account, group), citizenOf(world, name), writing) };
    },
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/media$/,
    run: async (world, { name, body }) => await writeMedia(world, citizenOf(world, name), body),
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/message$/,
    run: (world, { name, body }) => {
      const { account, group, ...writing } = otherShape.parse(body);
      return { messageId: say(world, placeOf(world, account, group), citizenOf(world, name), writing) };
    },
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/reaction$/,
    run: (world, { name, body }) => {
      const { account, messageId, emoji } = reactionShape.parse(body);
      const citizen = citizenOf(world, name);
      const inGroup = world.groupChats.get(messageId);
      if (inGroup !== undefined) return { messageId: reactInGroup(world, inGroup, citizen, emoji) };
      return { messageId: react(world, accountOf(world, account), citizen, messageId, emoji).id };
    },
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/read$/,
    run: (world, { name, body }) => {
      const { account, upTo } = readShape.parse(body);
      return { messageIds: read(world, accountOf(world, account), citizenOf(world, name), upTo) };
    },
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/number$/,
    run: (world, { name, body }) => {
      const { account, phone } = numberShape.parse(body);
      return { messageId: changeNumber(world, accountOf(world, account), citizenOf(world, name), phone) };
    },
  },
  {
    method: 'GET',
    path: /^\/chats\/([^/]+)$/,
    run: (world, { name, query }) => {
      const account = accountOf(world, query.get('account') ?? undefined);
      return world.chats.view(account, citizenOf(world, name), world.clock.now());
    },
  },
];

async function writeMedia(world: Simulation, citizen: Citizen, body: unknown): Promise<object> {
  const { kind, mime, caption, filename, voice, animated, source, ...rest } = mediaShape.parse(body);
  const { account: id, group: idOrLink, ...context } = rest;
  const place = placeOf(world, id, idOrLink);
  const media = await world.media.make(place.account, mime ?? usualMime[kind], filename, sourceOf(source));
  const extra = {
    ...(caption === undefined ? {} : { caption }),
    ...(kind === 'document' && filename !== undefined ? { filename } : {}),
    ...(kind === 'audio' ? { voice: voice ?? false } : {}),
    ...(kind === 'sticker' ? { animated: animated ?? false } : {}),
  };
  const writing = { ...context, type: kind, content: { ...extra, ...asWebhook(media) }, media };
  return { messageId: say(world, place, citizen, writing), media: mediaFact(media) };
}

interface Place {
  readonly account: AccountConfig;
  readonly group: Group | undefined;
}

/** A group belongs to its number, whatever number is named. */
function placeOf(world: Simulation, account: string | undefined, idOrLink: string | undefined): Place {
  const group = idOrLink === undefined ? undefined : groupOf(world, idOrLink);
  return { account: group?.account ?? accountOf(world, account), group };
}

function say(world: Simulation, { account, group }: Place, citizen: Citizen, writing: Writing): string {
  const message =
    group === undefined ? write(world, account, citizen, writing) : writeInGroup(world, group, citizen, writing);
  return message.id;
}

/** In webhooks the hash is base64; in the media's own JSON it is hex. */
function asWebhook({ mime, sha256, id }: StoredMedia): object {
  return { mime_type: mime, sha256: Buffer.from(sha256, 'hex').toString('base64'), id };
}

function sourceOf(source: ReturnType<typeof mediaShape.parse>['source']): MediaSource {
  return 'base64' in source ? { bytes: Buffer.from(source.base64, 'base64') } : source;
}
