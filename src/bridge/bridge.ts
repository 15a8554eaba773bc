/**
 * The heart, put together: two sets of lanes over one journal, what feeds them, and what they call. Starting finishes
 * what an earlier process left; stopping finishes what is in hand.
 */
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { TransactionBatch } from '../matrix/transactions.ts';
import type { Sink } from '../networks/contract.ts';
import type { JournalRow } from '../store/journal.ts';
import type { Part } from '../store/parts.ts';
import { isFeedbackLane } from '../store/portals.ts';
import { AccountStates } from './account-states.ts';
import { AdminRooms } from './admin-rooms.ts';
import { BotRoom, type CommandAnswerer } from './bot-room.ts';
import { CatchUp } from './catch-up.ts';
import { ChatStarting } from './chat-starting.ts';
import type { BridgeContext } from './context.ts';
import { Courtesy } from './courtesy.ts';
import { Dropping } from './dropping.ts';
import { Feedback } from './feedback.ts';
import { Ghosts } from './ghosts.ts';
import { GroupCare } from './group-care.ts';
import { Health } from './health.ts';
import { HomeserverLink } from './homeserver-link.ts';
import { Inbound } from './inbound.ts';
import { InboundChat } from './inbound-chat.ts';
import { InboundHistory } from './inbound-history.ts';
import { InboundMedia } from './inbound-media.ts';
import { InboundMessages } from './inbound-message.ts';
import { InboundReactions } from './inbound-reaction.ts';
import { InboundReceipts } from './inbound-receipt.ts';
import { Intake } from './intake.ts';
import { Lanes } from './lanes.ts';
import { Marks } from './marks.ts';
import { Operations, type OperationsOptions } from './operations.ts';
import { Outbound } from './outbound.ts';
import { OutboundMedia } from './outbound-media.ts';
import { OutboundMessages } from './outbound-message.ts';
import { OutboundReactions } from './outbound-reaction.ts';
import { PersonalChoices } from './personal-choices.ts';
import { PortalCare } from './portal-care.ts';
import { PortalRooms } from './portal-rooms.ts';
import { Puppets, type PuppetWays } from './puppets.ts';
import { Sending } from './sending.ts';
import { createSink } from './sink.ts';
import { TemplateSending } from './template-sending.ts';
import { TransactionOrder } from './transaction-order.ts';
import { Transcoding } from './transcoding.ts';
import { Voices } from './voices.ts';

/** What commands may use. */
export interface Services {
  readonly operations: Operations;
  readonly templates: TemplateSending;
  readonly chats: ChatStarting;
  readonly care: PortalCare;
  readonly groups: GroupCare;
  readonly choices: PersonalChoices;
}

export interface BridgeOptions {
  readonly registrationId: string;
  readonly version: string;
  readonly puppetWays: PuppetWays;
  readonly logout: OperationsOptions['logout'];
  /** The absolute path of ffmpeg; undefined where there is none. */
  readonly ffmpeg: string | undefined;
  /** Who answers commands, given what commands may use. */
  readonly commands: (services: Services) => CommandAnswerer;
}

/** A homeserver makes an event in about 15 ms on one core: more lanes than this only queue there. */
const inboundLanes = 20;
/** Good news of messages is told after them: each telling costs the homeserver as much as a message. */
const feedbackLanes = 1;
const outboundLanes = 40;
const stopWithinMs = 8_000;

export class Bridge {
  readonly sink: Sink;
  readonly operations: Operations;
  readonly health: Health;
  readonly puppets: Puppets;
  readonly states: AccountStates;
  readonly templates: TemplateSending;
  readonly chats: ChatStarting;
  readonly #context: BridgeContext;
  readonly #inbound: Lanes;
  readonly #outbound: Lanes;
  readonly #intake: Intake;
  readonly #catchUp: CatchUp;
  readonly #dropping: Dropping;
  readonly #order = new TransactionOrder();
  readonly #marks: Marks;
  readonly #link: HomeserverLink;
  readonly #courtesy = new Courtesy();

  constructor(context: BridgeContext, options: BridgeOptions) {
    const { registrationId, version, commands, puppetWays, logout, ffmpeg } = options;
    const { store, clock, log } = context;
    this.#context = context;
    this.states = new AccountStates(context, new AdminRooms(context), (lane) => this.operations.wake(lane));
    this.templates = new TemplateSending(context, (lane) => this.#outbound.wake(lane));
    const rooms = new PortalRooms(context);
    const ghosts = new Ghosts(context);
    this.chats = new ChatStarting(context, rooms, ghosts);
    this.puppets = new Puppets(context, puppetWays);
    const shared = { store, clock, log };
    this.#inbound = new Lanes({
      ...shared,
      direction: 'in',
      concurrency: inboundLanes,
      aside: { fits: isFeedbackLane, concurrency: feedbackLanes },
      handle: (row, signal) => this.#watching(row, () => inbound.handle(row, signal)),
      portalOf: async (row) => inbound.portalOf(row),
    });
    this.#outbound = new Lanes({
      ...shared,
      direction: 'out',
      concurrency: outboundLanes,
      handle: (row, signal) => this.#watching(row, () => outbound.handle(row, signal)),
      portalOf: (row) => outbound.portalOf(row),
    });
    this.sink = createSink({ store, now: () => clock.now(), wake: (lane) => this.#inbound.wake(lane) });
    this.#intake = new Intake(context, (lane) => this.#outbound.wake(lane));
    this.#dropping = new Dropping(context, new Feedback(context));
    this.#marks = new Marks(context);
    this.#catchUp = new CatchUp(context, this.#intake);
    this.#link = new HomeserverLink({
      context,
      catchUp: this.#catchUp,
      registrationId,
      onReturn: () => this.#resume(),
    });
    const parts = { context, inbound: this.#inbound, outbound: this.#outbound, link: this.#link };
    this.operations = new Operations({ ...parts, version, logout });
    this.health = new Health(parts);
    const inbound = this.#composeInbound(rooms, ghosts);
    const outbound = this.#composeOutbound(
      commands({
        operations: this.operations,
        templates: this.templates,
        chats: this.chats,
        care: new PortalCare(context, rooms, ghosts),
        groups: new GroupCare(context),
        choices: new PersonalChoices(context, puppetWays.registered),
      }),
      new Transcoding({ files: context.files, ffmpeg }),
    );
  }

  /** Makes the bot ready and takes up what waits. The homeserver may be away: then this goes on when it is back. */
  start(): void {
    this.#link.start();
  }

  /** For the transactions of the homeserver; resolves when they are durable. Throws `HomeserverError`, `CH-STORE-*`. */
  async accept(batch: TransactionBatch): Promise<void> {
    if (!this.#order.follows(batch.transaction)) this.#link.suspect();
    try {
      await this.#catchUp.before(batch.events);
      await this.#intake.accept(batch);
    } catch (thrown) {
      this.#link.declined();
      throw thrown;
    }
    void this.#marks.take(batch.ephemeral);
  }

  /** A connection of the homeserver ended: it may have died, and forgotten what it had not delivered. */
  homeserverGone(): void {
    this.#link.suspect();
  }

  async stop(): Promise<void> {
    this.#courtesy.stop();
    const parts = [this.#link, this.#inbound, this.#outbound];
    await Promise.all(parts.map((part) => part.stop(stopWithinMs)));
  }

  async #watching(row: JournalRow, work: () => Promise<void>): Promise<void> {
    const { metrics, clock } = this.#context;
    try {
      await (row.dropped === null ? work() : this.#dropping.handle(row, row.dropped));
      metrics.rowDone(row.direction, (clock.now() - row.receivedAt) / 1_000);
    } catch (thrown) {
      if (thrown instanceof HomeserverError && thrown.kind === 'unreachable') this.#link.suspect();
      throw thrown;
    }
  }

  async #resume(): Promise<void> {
    const { homeserver, bot } = this.#context;
    await homeserver.registerUser(bot.user);
    await homeserver.ensureDevice(bot.user, bot.device);
    await homeserver.setDisplayName(bot, 'Chancery');
    await Promise.all([this.#inbound.resume(), this.#outbound.resume()]);
    await this.states.tell();
  }

  #composeInbound(rooms: PortalRooms, ghosts: Ghosts): Inbound {
    const context = this.#context;
    const voices = new Voices(context, ghosts, this.puppets);
    const feedback = new Feedback(context);
    const messages = new InboundMessages({ context, rooms, voices, media: new InboundMedia(context) });
    return new Inbound(context, {
      ghosts,
      messages,
      chat: new InboundChat(context, rooms, ghosts),
      history: new InboundHistory(context, rooms, messages),
      reactions: new InboundReactions(context, rooms, voices),
      receipts: new InboundReceipts({
        context,
        ghosts,
        feedback,
        courtesy: this.#courtesy,
        evidence: (part) => this.#release(part),
      }),
    });
  }

  #composeOutbound(commands: CommandAnswerer, transcoding: Transcoding): Outbound {
    const context = this.#context;
    const feedback = new Feedback(context);
    const sending = new Sending(context, feedback);
    return new Outbound({
      context,
      feedback,
      botRoom: new BotRoom(context, commands),
      messages: new OutboundMessages({
        context,
        sending,
        media: new OutboundMedia(context, transcoding),
        wake: (lane) => this.#inbound.wake(lane),
      }),
      reactions: new OutboundReactions({ context, sending, feedback }),
    });
  }

  /** The evidence that this part's lane waited for is there. */
  async #release({ journalId }: Part): Promise<void> {
    await this.operations.release(journalId);
  }
}
