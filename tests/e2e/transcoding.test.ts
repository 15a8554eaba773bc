/**
 * A picture or a voice message of a type that WhatsApp does not take arrives as what it is; where that cannot be done it
 * arrives all the same, and its sender is told. What arrived is fetched from WhatsApp and judged by ffmpeg itself.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ffmpeg } from '../peers/ffmpeg/ffmpeg.ts';
import { type ReachedPhone, replyTarget, Scene } from '../peers/scene.ts';

let ffmpeg: Ffmpeg;
let scene: Scene;

beforeAll(async () => {
  ffmpeg = await Ffmpeg.installed();
}, 900_000);

afterAll(() => ffmpeg.close());

/** As Element sends a file; a voice message has a mark (MSC3245). */
async function send(
  room: string,
  path: string,
  mime: string,
  more: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { ana } = scene;
  const name = basename(path);
  const url = await ana.upload(path, { name, mime });
  const info = { mimetype: mime, size: statSync(path).size };
  return ana.send(room, 'm.room.message', { body: name, filename: name, url, info, ...more });
}

const asImage = (caption: string) => ({ msgtype: 'm.image', body: caption });
const asVoice = { msgtype: 'm.audio', 'org.matrix.msc3245.voice': {} };

/** What arrived as answer to the citizen's first words in a chat of its own. */
async function arrivesIn(phone: string): Promise<ReachedPhone> {
  return scene.house.whatsapp.waitForKind('business-message', ({ citizen }) => citizen === phone, {
    what: 'the file',
    timeoutMs: 60_000,
  });
}

/** The bytes as the citizen gets them. */
async function bytesOf({ media }: ReachedPhone): Promise<Buffer> {
  const { whatsapp, secrets } = scene.house;
  const headers = { Authorization: `Bearer ${secrets.accessToken}` };
  const facts = (await (await fetch(`${whatsapp.url}/v23.0/${String(media?.id)}`, { headers })).json()) as {
    url: string;
  };
  return Buffer.from(await (await fetch(facts.url, { headers })).arrayBuffer());
}

/** What the bot says at this message, once everything is said. */
async function toldAt(room: string, event: string): Promise<string[]> {
  await scene.settled();
  const answers = scene.ana.said(room).filter(({ content }) => replyTarget(content) === event);
  return answers.map(({ content }) => String(content['body']));
}

const still = ['-frames:v', '1'];
const onlyPictures = /^This went as a document\..* WhatsApp takes images as JPEG or PNG only\./u;
const onlyOpus = /^This went as an audio file\..* WhatsApp takes voice messages as Ogg Opus only\./u;

describe('with ffmpeg', () => {
  beforeAll(async () => {
    scene = await Scene.open({ ffmpeg: ffmpeg.path, whatsapp: { anyDocumentType: true } });
  }, 300_000);

  afterAll(() => scene.close(), 60_000);

  test('a WebP arrives as a JPEG with its caption, and nothing is said about it', async () => {
    const { phone, room } = await scene.openChat('send me the map');
    const picture = await ffmpeg.file('testsrc2=s=640x480', 'webp', still);
    const event = await send(room, picture, 'image/webp', asImage('the map'));
    const arrived = await arrivesIn(phone);
    expect(arrived).toMatchObject({ type: 'image', content: { caption: 'the map' }, media: { mime: 'image/jpeg' } });
    const bytes = await bytesOf(arrived);
    expect(bytes.toString('hex', 0, 3)).toBe('ffd8ff');
    expect(ffmpeg.tell(bytes)).toMatchObject({ codec: 'mjpeg', words: expect.stringContaining('640x480') as unknown });
    expect(await toldAt(room, event)).toEqual([]);
  });

  test('a picture that can be seen through arrives as a PNG', async () => {
    const { phone, room } = await scene.openChat('send me the seal');
    const picture = await ffmpeg.file('color=red@0.5:s=320x240,format=rgba', 'webp', [...still, '-lossless', '1']);
    await send(room, picture, 'image/webp', asImage('the seal'));
    const arrived = await arrivesIn(phone);
    expect(arrived).toMatchObject({ type: 'image', media: { mime: 'image/png' } });
    expect(ffmpeg.tell(await bytesOf(arrived)).words).toMatch(/^png, rgba.* 320x240/u);
  });

  test.each([
    ['audio/mp4', 'm4a', ['-c:a', 'aac', '-movflags', '+faststart']],
    ['audio/webm; codecs=opus', 'webm', ['-c:a', 'libopus', '-ac', '2']],
  ])('a voice message of the type %s arrives as a voice message in Ogg Opus', async (mime, ending, options) => {
    const { phone, room } = await scene.openChat(`speak to me in ${ending}`);
    const event = await send(room, await ffmpeg.file('sine=d=3', ending, options), mime, asVoice);
    const arrived = await arrivesIn(phone);
    expect(arrived).toMatchObject({ type: 'audio', content: { voice: true }, media: { mime: 'audio/ogg' } });
    const bytes = await bytesOf(arrived);
    expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', 28, 36)]).toEqual(['OggS', 'OpusHead']);
    const words = expect.stringMatching(/48000 Hz, mono/u) as unknown;
    expect(ffmpeg.tell(bytes)).toMatchObject({ codec: 'opus', seconds: 3, words });
    expect(await toldAt(room, event)).toEqual([]);
  });

  test('a picture that moves goes as a document, byte for byte, and the sender is told once', async () => {
    const { phone, room } = await scene.openChat('make me laugh');
    const event = await send(room, await ffmpeg.file('testsrc2=d=1', 'gif'), 'image/gif', asImage('ha'));
    const arrived = await arrivesIn(phone);
    expect(arrived).toMatchObject({ type: 'document', content: { caption: 'ha' }, media: { mime: 'image/gif' } });
    expect((await bytesOf(arrived)).toString('latin1', 0, 6)).toBe('GIF89a');
    expect(await scene.answerTo(event)).toMatch(onlyPictures);
    expect(await toldAt(room, event)).toEqual([expect.stringMatching(/It moves or has several pages/u)]);
  });

  test('a voice message that cannot be read from a pipe goes as mere audio, and the sender is told once', async () => {
    const { phone, room } = await scene.openChat('speak to me at length');
    const spoken = await ffmpeg.file('anoisesrc=d=60', 'm4a', ['-c:a', 'aac', '-b:a', '128k']);
    const event = await send(room, spoken, 'audio/mp4', asVoice);
    expect(await arrivesIn(phone)).toMatchObject({
      type: 'audio',
      media: { mime: 'audio/mp4', bytes: statSync(spoken).size },
    });
    expect(await scene.answerTo(event)).toMatch(onlyOpus);
    expect(await toldAt(room, event)).toEqual([expect.stringMatching(/It could not be turned into one\./u)]);
  });

  test.each(['outbound.media-sealed', 'outbound.media-transcoded', 'outbound.media-uploaded', 'outbound.done'])(
    'it arrives once, and is told of once, when the bridge is killed at %s',
    async (point) => {
      const { phone, room } = await scene.openChat(`before ${point}`);
      const picture = await ffmpeg.file(`testsrc2=s=640x480:d=1`, 'webp', still);
      const moving = await ffmpeg.file('testsrc2=d=1', 'gif');
      await scene.restartDyingAt(point);
      await send(room, picture, 'image/webp', asImage(`still at ${point}`));
      await scene.restartAfterDeath();
      expect((await arrivesIn(phone)).media).toMatchObject({ mime: 'image/jpeg' });
      await scene.restartDyingAt(point);
      const event = await send(room, moving, 'image/gif', asImage(`moving at ${point}`));
      await scene.restartAfterDeath();
      await scene.arrivesAtPhone(`moving at ${point}`);
      await scene.answerTo(event);
      expect(await toldAt(room, event)).toEqual([expect.stringMatching(onlyPictures)]);
      expect(await scene.reachedPhone(`still at ${point}`)).toHaveLength(1);
      expect(await scene.reachedPhone(`moving at ${point}`)).toHaveLength(1);
    },
  );
});

describe('without ffmpeg', () => {
  beforeAll(async () => {
    scene = await Scene.open();
  }, 300_000);

  afterAll(() => scene.close(), 60_000);

  test('a WebP goes as a document, byte for byte, and the sender is told once what to do', async () => {
    const { phone, room } = await scene.openChat('send me the map');
    const picture = await ffmpeg.file('testsrc2=s=640x480', 'webp', still);
    const event = await send(room, picture, 'image/webp', asImage('the map'));
    expect(await arrivesIn(phone)).toMatchObject({
      type: 'document',
      content: { caption: 'the map' },
      media: { mime: 'image/webp', bytes: statSync(picture).size },
    });
    await scene.answerTo(event);
    expect(await toldAt(room, event)).toEqual([
      'This went as a document. WhatsApp takes images as JPEG or PNG only. Send it as JPEG or PNG to have it shown at once.',
    ]);
  });

  test('a voice message goes as mere audio, and the sender is told once', async () => {
    const { phone, room } = await scene.openChat('speak to me');
    const spoken = await ffmpeg.file('sine=d=3', 'm4a', ['-c:a', 'aac']);
    const event = await send(room, spoken, 'audio/mp4', asVoice);
    const arrived = await arrivesIn(phone);
    expect(arrived).toMatchObject({ type: 'audio', media: { mime: 'audio/mp4' } });
    expect(arrived.content).not.toHaveProperty('voice');
    await scene.answerTo(event);
    expect(await toldAt(room, event)).toEqual([expect.stringMatching(onlyOpus)]);
  });

  test('a picture that WhatsApp takes in no form is not sent, and the sender is told why and what to do', async () => {
    const { room } = await scene.openChat('send me the drawing');
    const event = await send(
      room,
      await ffmpeg.file('testsrc2=s=64x64', 'bmp', still),
      'image/bmp',
      asImage('drawing'),
    );
    expect(await scene.answerTo(event)).toMatch(
      /^This was not sent to WhatsApp\. .*WhatsApp takes images as JPEG or PNG only\. Send it as JPEG or PNG/u,
    );
    expect(await toldAt(room, event)).toHaveLength(1);
  });

  test('a photo of a type that WhatsApp takes goes as it is, and nothing is said about it', async () => {
    const { phone, room } = await scene.openChat('send me the photo');
    const picture = await ffmpeg.file('testsrc2=s=640x480', 'png', still);
    const event = await send(room, picture, 'image/png', asImage('the photo'));
    expect(await arrivesIn(phone)).toMatchObject({ type: 'image', media: { bytes: statSync(picture).size } });
    expect(await toldAt(room, event)).toEqual([]);
  });
});
