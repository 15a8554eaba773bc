/** What the official does in an ordinary Matrix client, and what both sides must see of it. */
import type { SeenEvent } from '../tests/peers/matrix-client/ordinary-client.ts';
import { type BothSides, messageId, replyTarget, type Said, Witnesses } from './both-sides.ts';
import { textMember } from './line.ts';
import type { Photo } from './photo.ts';
import type { Action } from './steps.ts';
import { wordsOf } from './whatsapp-lines.ts';

type Act = Action<string, SeenEvent>;

export class OfficialActs {
  readonly #sides: BothSides;
  readonly #see: Witnesses;

  constructor(sides: BothSides) {
    this.#sides = sides;
    this.#see = new Witnesses(sides);
  }

  writes(room: string, text: string): Act {
    return async () => {
      const event = await this.#sides.official.sendText(room, text);
      return {
        phone: messageId(
          this.#see.entry('the text on the phone', 'business-message', (entry) => {
            return entry.reachesCitizen && wordsOf(entry) === text;
          }),
        ),
        official: this.#own('the text in the room', event),
      };
    };
  }

  replies(to: Said, text: string): Act {
    return async () => {
      const event = await this.#sides.official.sendReply(to.official.room_id, to.official.event_id, text);
      return {
        phone: messageId(
          this.#see.entry('the text on the phone, as a reply to the right message', 'business-message', (entry) => {
            return entry.reachesCitizen && wordsOf(entry) === text && entry.replyTo === to.phone;
          }),
        ),
        official: this.#own('the reply in the room', event),
      };
    };
  }

  reacts(to: Said, emoji: string): Act {
    return async () => {
      const event = await this.#sides.official.react(to.official.room_id, to.official.event_id, emoji);
      return {
        phone: messageId(
          this.#see.entry('the reaction on the phone, at the right message', 'business-reaction', (entry) => {
            return entry.reachesCitizen && entry.target === to.phone && entry.emoji === emoji;
          }),
        ),
        official: this.#own('the reaction in the room', event),
      };
    };
  }

  /** `path` is where the photo lies. */
  sendsPhoto(room: string, photo: Photo, path: string, caption: string): Act {
    const { official } = this.#sides;
    return async () => {
      const file = { name: 'lamp-repaired.png', mime: 'image/png', msgtype: 'm.image', caption };
      const event = await official.sendFile(room, path, file);
      return {
        phone: messageId(
          this.#see.entry('the photo with its caption on the phone, byte for byte', 'business-message', (entry) => {
            return entry.reachesCitizen && entry.media?.sha256 === photo.sha256 && wordsOf(entry) === caption;
          }),
        ),
        official: this.#own('the photo in the room', event),
      };
    };
  }

  reads(message: Said): Action<unknown, unknown> {
    const { official } = this.#sides;
    const { room_id: room, event_id: read } = message.official;
    return async () => {
      await official.markRead(room, read);
      return {
        phone: this.#see.entry(
          'the read mark at the message',
          'read-mark',
          ({ messageId: id }) => id === message.phone,
        ),
        official: this.#see.receipt('the own read receipt', ({ event, user }) => {
          return event === read && user === official.userId;
        }),
      };
    };
  }

  /** WhatsApp cannot edit: the official is told so at the message, and the phone goes on showing the first version. */
  triesToEdit(message: Said, before: string, after: string): Action<unknown, SeenEvent> {
    const { official, whatsapp, citizen } = this.#sides;
    const { room_id: room, event_id: target } = message.official;
    return async () => {
      const edit = await official.edit(room, target, after);
      const told = this.#see.event('the notice at the message that WhatsApp cannot change it', (event) => {
        const isNotice = event.content['msgtype'] === 'm.notice' && event.sender !== official.userId;
        const words = textMember(event.content, 'body') ?? '';
        return isNotice && replyTarget(event) === target && words.startsWith('WhatsApp cannot change');
      });
      await this.#own('the edit in the room', edit).see();
      return {
        phone: {
          expected: 'the first version on the phone, still and alone',
          see: async () => {
            await told.see().catch(() => undefined);
            const { messages } = await whatsapp.chat(citizen.phone);
            const isUnchanged = messages.some(({ id, text }) => id === message.phone && text === before);
            if (!isUnchanged) throw new Error('The phone does not show the first version any more');
            if (messages.some(({ text }) => text?.includes(after))) throw new Error('The edit reached the phone');
          },
        },
        official: told,
      };
    };
  }

  #own = (expected: string, id: string) => this.#see.event(expected, (event) => event.event_id === id);
}
