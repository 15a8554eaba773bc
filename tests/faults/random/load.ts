/**
 * Plays citizens and officials. Each person does one thing after the other in each chat; what one does is handed in when
 * WhatsApp, or the homeserver, has it. A homeserver that does not answer is asked again with the same transaction id, as
 * clients do.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replyTarget, type Scene } from '../../peers/scene.ts';
import type { Handed, HandedIn, HandedOut } from './handed.ts';
import { type Action, chatsAtFirst } from './history.ts';
import { Side } from './sides.ts';

interface Chat {
  readonly name: string;
  readonly phone: string;
  /** Undefined until the official was invited. */
  room: string | undefined;
  /** Whoever does something here does it after this. */
  readonly last: { in: Promise<void>; out: Promise<void> };
}

const longPiece = 4_000;
const retryMs = 150;
const emojis = ['👍', '🎉', '😂', '🙏'] as const;

export class Load {
  readonly handed: Handed[] = [];
  readonly #scene: Scene;
  readonly #chats: Chat[] = [];
  #unreachable: Chat | undefined;
  #citizens = 0;
  #count = 0;
  #doing = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** The first chats, quietly: what follows needs rooms to happen in. */
  async open(): Promise<void> {
    const chats = Array.from({ length: chatsAtFirst + 1 }, () => this.#newChat());
    for (const chat of await Promise.all(chats)) await this.#inText(chat, undefined);
    for (const chat of this.#chats) await this.#roomOf(chat);
    const unreachable = this.#chats.pop();
    if (unreachable === undefined) throw new Error('there is no chat');
    await this.#scene.house.whatsapp.citizen({ phone: unreachable.phone, undeliverable: true });
    this.#unreachable = unreachable;
  }

  /** Queues it behind what the same person does in that chat. */
  do(action: Action): void {
    const chat =
      action.kind === 'undeliverable' ? this.#unreachable : this.#chats[action.chat % Math.max(1, this.#chats.length)];
    if (chat === undefined) return;
    this.#doing += 1;
    chat.last[action.side] = chat.last[action.side].then(async () => {
      await delay(action.pauseMs);
      await (action.side === 'in' ? this.#doInbound(chat, action.kind) : this.#doOutbound(chat, action.kind));
      this.#doing -= 1;
    });
  }

  /** Resolves when everything queued was handed in. Rejects with what was wrong with the playing itself. */
  async done(): Promise<void> {
    const all = [...this.#chats, ...(this.#unreachable === undefined ? [] : [this.#unreachable])];
    await Promise.all(all.flatMap(({ last }) => [last.in, last.out]));
    if (this.#doing > 0) await this.done();
  }

  /** What was handed in and has not come through: as people see it now, in their clients. */
  async underWay(): Promise<number> {
    const side = await this.sides();
    return this.#doing + this.handed.filter((each) => !side.isThrough(each)).length;
  }

  /** Both ends as the ordinary client and the log show them at this moment. */
  async sides(): Promise<Side> {
    const { ana, house } = this.#scene;
    const seen = ana.events.map((event) => ({
      id: event.event_id,
      room: event.room_id,
      sender: event.sender,
      type: event.type,
      stateKey: event.state_key,
      at: event.origin_server_ts,
      content: event.content,
      isRedacted: false,
      replyTo: replyTarget(event.content),
    }));
    const rooms = Map.groupBy(seen, ({ room }) => room);
    return new Side(rooms, await house.whatsapp.everything(), this.people);
  }

  get people(): { readonly bot: string; readonly officials: readonly string[] } {
    const { ana, house } = this.#scene;
    return { bot: `@chancery:${house.synapse.serverName}`, officials: [ana.userId] };
  }

  async #doInbound(chat: Chat, kind: Extract<Action, { side: 'in' }>['kind']): Promise<void> {
    switch (kind) {
      case 'text':
        return this.#inText(chat, undefined);
      case 'reply':
        return this.#inText(chat, await this.#target(chat, 'in'));
      case 'reaction':
        return this.#inReaction(chat);
      case 'media':
        return this.#inMedia(chat);
      case 'newcomer':
        return this.#inText(await this.#newChat(), undefined);
      case 'newcomer with media':
        return this.#inMedia(await this.#newChat());
    }
  }

  async #inText({ name, phone }: Chat, replyTo: Handed | undefined): Promise<void> {
    const token = this.#token();
    const words = `${token} from a citizen`;
    const answered = replyTo && (await this.sides()).messageOf(replyTo);
    const { messageId } = await this.#scene.house.whatsapp.writeText(
      phone,
      words,
      answered === undefined ? {} : { replyTo: answered },
    );
    this.#keepIn({ kind: 'text', token, citizen: name, words, message: messageId, ...(replyTo && { replyTo }) });
  }

  async #inMedia({ name, phone }: Chat): Promise<void> {
    const token = this.#token();
    const words = `${token} a photo from a citizen`;
    const { messageId, media } = await this.#scene.house.whatsapp.sendMedia(phone, {
      kind: 'image',
      source: { size: 30_000 + this.#count, seed: this.#count },
      caption: words,
      mime: 'image/jpeg',
    });
    this.#keepIn({ kind: 'media', token, citizen: name, words, message: messageId, sha256: media.sha256 });
  }

  async #inReaction(chat: Chat): Promise<void> {
    const target = await this.#target(chat, 'in', 'reaction');
    const at = target && (await this.sides()).messageOf(target);
    if (target === undefined || at === undefined) return this.#inText(chat, undefined);
    const emoji = this.#emoji();
    const { messageId } = await this.#scene.house.whatsapp.react(chat.phone, at, emoji);
    const token = this.#token();
    this.#keepIn({
      kind: 'reaction',
      token,
      citizen: chat.name,
      words: '',
      message: messageId,
      replyTo: target,
      emoji,
    });
  }

  async #doOutbound(chat: Chat, kind: Extract<Action, { side: 'out' }>['kind']): Promise<void> {
    switch (kind) {
      case 'text':
        return this.#outText(chat, undefined);
      case 'undeliverable':
        return this.#outText(chat, undefined, true);
      case 'reply':
        return this.#outText(chat, await this.#target(chat, 'out'));
      case 'long':
        return this.#outLong(chat);
      case 'media':
        return this.#outMedia(chat);
      case 'reaction':
        return this.#outReaction(chat);
      case 'refused':
        return this.#outPollEnd(chat);
    }
  }

  async #outText(chat: Chat, replyTo: Handed | undefined, isRefused = false): Promise<void> {
    const token = this.#token();
    const words = `${token} from an official`;
    const relation = await this.#relationTo(replyTo);
    const event = await this.#send(chat, 'm.room.message', { msgtype: 'm.text', body: words, ...relation });
    const answers = relation === undefined || replyTo === undefined ? {} : { replyTo };
    this.#keepOut({ kind: 'text', token, citizen: chat.name, pieces: [words], event, isRefused, ...answers });
  }

  async #relationTo(target: Handed | undefined): Promise<Readonly<Record<string, unknown>> | undefined> {
    const event = target && (await this.sides()).eventOf(target);
    return event === undefined ? undefined : { 'm.relates_to': { 'm.in_reply_to': { event_id: event } } };
  }

  async #outLong(chat: Chat): Promise<void> {
    const token = this.#token();
    const pieces = [`${token} first `.padEnd(longPiece, 'a'), `${token} second `.padEnd(500, 'b')];
    const event = await this.#send(chat, 'm.room.message', { msgtype: 'm.text', body: pieces.join('\n') });
    this.#keepOut({ kind: 'text', token, citizen: chat.name, pieces, event, isRefused: false });
  }

  async #outMedia(chat: Chat): Promise<void> {
    const { house, ana } = this.#scene;
    const token = this.#token();
    const words = `${token} a photo from an official`;
    const bytes = Buffer.concat([pngSignature, Buffer.alloc(20_000 + this.#count, token)]);
    const path = join(house.directory, `${token}.png`);
    writeFileSync(path, bytes);
    const url = await untilAnswered(() => ana.upload(path, { name: 'photo.png', mime: 'image/png' }));
    const event = await this.#send(chat, 'm.room.message', {
      msgtype: 'm.image',
      body: words,
      filename: 'photo.png',
      url,
      info: { mimetype: 'image/png', size: bytes.length },
    });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.#keepOut({ kind: 'media', token, citizen: chat.name, pieces: [words], event, isRefused: false, sha256 });
  }

  async #outReaction(chat: Chat): Promise<void> {
    const target = await this.#target(chat, 'out', 'reaction');
    const at = target && (await this.sides()).eventOf(target);
    if (target === undefined || at === undefined) return this.#outText(chat, undefined);
    const emoji = this.#emoji();
    const token = this.#token();
    const event = await this.#send(chat, 'm.reaction', {
      'm.relates_to': { rel_type: 'm.annotation', event_id: at, key: emoji },
    });
    const what = { kind: 'reaction', pieces: [`${token} reaction`], replyTo: target, emoji } as const;
    this.#keepOut({ ...what, token, citizen: chat.name, event, isRefused: false });
  }

  async #outPollEnd(chat: Chat): Promise<void> {
    const token = this.#token();
    const event = await this.#send(chat, 'm.poll.end', { 'm.text': [{ body: token }] });
    this.#keepOut({ kind: 'poll-end', token, citizen: chat.name, pieces: [], event, isRefused: true });
  }

  /** Something that both sides see, and that this side has not reacted to. */
  async #target(chat: Chat, by: 'in' | 'out', use?: 'reaction'): Promise<Handed | undefined> {
    const side = await this.sides();
    const reactedTo = new Set(
      this.handed.flatMap(({ kind, side: of, replyTo }) => (kind === 'reaction' && of === by ? [replyTo] : [])),
    );
    const targets = this.handed.filter(
      (each) =>
        each.citizen === chat.name &&
        (each.kind === 'text' || each.kind === 'media') &&
        (each.side === 'in' ||
          (each.pieces.length === 1 && !each.isRefused && side.noticesAt(each.event).length === 0)) &&
        side.isThrough(each) &&
        !(use === 'reaction' && reactedTo.has(each)),
    );
    return targets[this.#count % Math.max(1, targets.length)];
  }

  async #send(chat: Chat, type: string, content: Readonly<Record<string, unknown>>): Promise<string> {
    const room = await this.#roomOf(chat);
    const transaction = `m${this.#count}.${this.#token()}`;
    return untilAnswered(() => this.#scene.ana.send(room, type, content, transaction));
  }

  async #roomOf(chat: Chat): Promise<string> {
    while (chat.room === undefined) {
      chat.room = (await this.sides()).roomsOf(chat.name)[0];
      if (chat.room === undefined) await delay(retryMs);
    }
    return chat.room;
  }

  async #newChat(): Promise<Chat> {
    this.#citizens += 1;
    const number = this.#citizens;
    const [phone, name] = [`4930777${String(number).padStart(5, '0')}`, `Citizen ${number}`];
    const chat = { name, phone, room: undefined, last: { in: Promise.resolve(), out: Promise.resolve() } };
    this.#chats.push(chat);
    await this.#scene.house.whatsapp.citizen({ phone, name });
    return chat;
  }

  #token(): string {
    this.#count += 1;
    return `word${this.#count}x`;
  }

  #emoji(): string {
    return emojis[this.#count % emojis.length] ?? '👍';
  }

  #keepIn(handed: Omit<HandedIn, 'side' | 'at'>): void {
    this.handed.push({ ...handed, side: 'in', at: Date.now() });
  }

  #keepOut(handed: Omit<HandedOut, 'side' | 'at'>): void {
    this.handed.push({ ...handed, side: 'out', at: Date.now() });
  }
}

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

/** The homeserver may be dead, hang, or have done it without saying so. */
async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (thrown instanceof Error && /: 4\d\d /.test(thrown.message)) throw thrown;
      await delay(retryMs);
    }
  }
}
