/** The part of the control API that plays the citizens. */
import { changeNumber, react, read, write } from './citizen-side.ts';
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
import { accountOf, citizenOf } from './control-names.ts';
import type { ControlRoute } from './control-route.ts';
import type { MediaSource, StoredMedia } from './media-files.ts';
import { mediaFact } from './media-files.ts';
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
      const { text, account, ...context } = textShape.parse(body);
      const writing = { ...context, type: 'text', content: { body: text } };
      return { messageId: write(world, accountOf(world, account), citizenOf(world, name), writing).id };
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
      const { account, ...writing } = otherShape.parse(body);
      return { messageId: write(world, accountOf(world, account), citizenOf(world, name), writing).id };
    },
  },
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/reaction$/,
    run: (world, { name, body }) => {
      const { account, messageId, emoji } = reactionShape.parse(body);
      return { messageId: react(world, accountOf(world, account), citizenOf(world, name), messageId, emoji).id };
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
  const { kind, mime, caption, filename, voice, animated, source, account: id, ...context } = mediaShape.parse(body);
  const account = accountOf(world, id);
  const media = await world.media.make(account, mime ?? usualMime[kind], filename, sourceOf(source));
  const extra = {
    ...(caption === undefined ? {} : { caption }),
    ...(kind === 'document' && filename !== undefined ? { filename } : {}),
    ...(kind === 'audio' ? { voice: voice ?? false } : {}),
    ...(kind === 'sticker' ? { animated: animated ?? false } : {}),
  };
  const writing = { ...context, type: kind, content: { ...extra, ...asWebhook(media) }, media };
  return { messageId: write(world, account, citizen, writing).id, media: mediaFact(media) };
}

/** In webhooks the hash is base64; in the media's own JSON it is hex. */
function asWebhook({ mime, sha256, id }: StoredMedia): object {
  return { mime_type: mime, sha256: Buffer.from(sha256, 'hex').toString('base64'), id };
}

function sourceOf(source: ReturnType<typeof mediaShape.parse>['source']): MediaSource {
  return 'base64' in source ? { bytes: Buffer.from(source.base64, 'base64') } : source;
}
