/** What comes back by itself after an official's message: sent, delivered; and that nothing came twice. */
import { type BothSides, relationTarget, type Said, Witnesses } from './both-sides.ts';
import type { Action } from './steps.ts';
import { wordsOf } from './whatsapp-lines.ts';

type Act = Action<unknown, unknown>;

export class ProgressActs {
  readonly #sides: BothSides;
  readonly #see: Witnesses;

  constructor(sides: BothSides) {
    this.#sides = sides;
    this.#see = new Witnesses(sides);
  }

  /** The bridge's bot reads what was passed on. `citizen` is the Matrix user that stands for the citizen. */
  isSent(message: Said, citizen: string): Act {
    const { userId } = this.#sides.official;
    return async () => ({
      phone: this.#status('sent', message),
      official: this.#see.receipt("the bot's read receipt at the message", ({ event, user }) => {
        return event === message.official.event_id && user !== userId && user !== citizen;
      }),
    });
  }

  isDelivered(message: Said, citizen: string): Act {
    return async () => ({
      phone: this.#status('delivered', message),
      official: this.#see.event('the status "delivered to the citizen" at the message', (event) => {
        const reached = event.content['delivered_to_users'];
        const isHere = relationTarget(event) === message.official.event_id;
        return isHere && Array.isArray(reached) && reached.includes(citizen);
      }),
    });
  }

  /** Whatever was still on its way has arrived, and each text is there once: on the phone, and in the room. */
  isThereOnce(texts: { readonly onPhone: readonly string[]; readonly inRoom: readonly string[] }): Act {
    const { whatsapp, official, before } = this.#sides;
    return async () => {
      await whatsapp.idle();
      return {
        phone: {
          expected: "each of the official's messages once",
          see: async () => {
            const log = await whatsapp.everything();
            const words = log.map((entry) => (entry.kind === 'business-message' ? wordsOf(entry) : undefined));
            assertOnce(texts.onPhone, words);
          },
        },
        official: {
          expected: "each of the citizen's messages once",
          see: async () => {
            const isTheirs = (event: { event_id: string; sender: string }): boolean =>
              !before.has(event.event_id) && event.sender !== official.userId;
            assertOnce(
              texts.inRoom,
              official.events.filter(isTheirs).map(({ content }) => content['body']),
            );
          },
        },
      };
    };
  }

  #status = (wanted: 'sent' | 'delivered', { phone }: Said) =>
    this.#see.entry(`the status "${wanted}" in the log`, 'status', ({ status, messageId }) => {
      return status === wanted && messageId === phone;
    });
}

function assertOnce(texts: readonly string[], seen: readonly unknown[]): void {
  for (const text of texts) {
    const times = seen.filter((other) => other === text).length;
    if (times !== 1) throw new Error(`${JSON.stringify(text)} is there ${times} times`);
  }
}
