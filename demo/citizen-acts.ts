/** What the citizen does on the phone, and what both sides must see of it. */
import type { SeenEvent } from '../tests/peers/matrix-client/ordinary-client.ts';
import { type BothSides, messageId, relationTarget, replyTarget, type Said, Witnesses } from './both-sides.ts';
import { textMember } from './line.ts';
import type { Photo } from './photo.ts';
import type { Action, Sight } from './steps.ts';

type Act = Action<string, SeenEvent>;

interface Place {
  readonly replyTo?: Said;
  /** Where earlier conversations with this citizen were held: a chat has one room. */
  readonly knownRoom?: string | undefined;
}

export class CitizenActs {
  readonly #sides: BothSides;
  readonly #see: Witnesses;

  constructor(sides: BothSides) {
    this.#sides = sides;
    this.#see = new Witnesses(sides);
  }

  writes(text: string, { replyTo, knownRoom }: Place = {}): Act {
    const { whatsapp, citizen, official } = this.#sides;
    const where = replyTo === undefined ? 'said by the citizen' : 'as a reply to the right message';
    return async () => {
      const sent = await whatsapp.writeText(citizen.phone, text, replyTo && { replyTo: replyTo.phone });
      const arrives = this.#see.event(`the text, ${where}`, (event) => {
        const isTheirs = event.content['body'] === text && event.sender !== official.userId;
        return isTheirs && replyTarget(event) === replyTo?.official.event_id;
      });
      return {
        phone: messageId(
          this.#see.entry('the text in the log', 'citizen-message', (entry) => entry.messageId === sent.messageId),
        ),
        official: knownRoom === undefined ? arrives : inRoom(arrives, knownRoom),
      };
    };
  }

  sendsPhoto(photo: Photo, caption: string): Act {
    const { whatsapp, citizen, official } = this.#sides;
    return async () => {
      const source = { base64: photo.bytes.toString('base64') };
      const image = { kind: 'image', mime: 'image/png', caption, source } as const;
      const sent = await whatsapp.sendMedia(citizen.phone, image);
      const arrives = this.#see.event('the photo with its caption, byte for byte', (event) => {
        return event.content['msgtype'] === 'm.image' && event.content['body'] === caption;
      });
      return {
        phone: messageId(
          this.#see.entry('the photo in the log, with its SHA-256', 'citizen-message', (entry) => {
            return entry.messageId === sent.messageId && entry.media?.sha256 === photo.sha256;
          }),
        ),
        official: {
          ...arrives,
          see: async () => {
            const event = await arrives.see();
            const { sha256 } = await official.downloadHash(textMember(event.content, 'url') ?? '');
            if (sha256 === photo.sha256) return event;
            throw new Error(`The downloaded photo has SHA-256 ${sha256}, the sent one ${photo.sha256}`);
          },
        },
      };
    };
  }

  reacts(to: Said, emoji: string): Act {
    const { whatsapp, citizen, official } = this.#sides;
    return async () => {
      const sent = await whatsapp.react(citizen.phone, to.phone, emoji);
      return {
        phone: messageId(
          this.#see.entry('the reaction in the log', 'citizen-reaction', (entry) => entry.messageId === sent.messageId),
        ),
        official: this.#see.event('the reaction at the right message', (event) => {
          const { type, sender, content } = event;
          const isSame = textMember(content['m.relates_to'], 'key') === emoji && sender !== official.userId;
          return type === 'm.reaction' && isSame && relationTarget(event) === to.official.event_id;
        }),
      };
    };
  }

  /** `reader` is the Matrix user that stands for the citizen. */
  reads(message: Said, reader: string): Action<unknown, unknown> {
    const { whatsapp, citizen } = this.#sides;
    return async () => {
      await whatsapp.read(citizen.phone, message.phone);
      return {
        phone: this.#see.entry('the status "read" in the log', 'status', ({ status, messageId: id }) => {
          return status === 'read' && id === message.phone;
        }),
        official: this.#see.receipt("the citizen's read receipt at the message", ({ event, user }) => {
          return event === message.official.event_id && user === reader;
        }),
      };
    };
  }
}

const inRoom = ({ expected, see }: Sight<SeenEvent>, room: string): Sight<SeenEvent> => ({
  expected: `${expected}, in the room of the earlier conversations`,
  see: async () => {
    const event = await see();
    if (event.room_id === room) return event;
    throw new Error(`It came in ${event.room_id}; the earlier conversations are in ${room}`);
  },
});
