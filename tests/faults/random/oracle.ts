/**
 * Judges a history by its two ends: what people handed in, against what WhatsApp's own log and an independent Matrix
 * client tell of the other side. The bridge is never asked.
 */
import type { Handed, HandedIn, HandedOut } from './handed.ts';
import type { Side } from './sides.ts';

/** A moment at which it may have become unknowable whether a call to the network went through. */
export interface Gap {
  readonly what: string;
  /** Milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
}

export const faultKinds = ['lost', 'doubled', 'misordered', 'uncertain', 'unexplained'] as const;

export interface Finding {
  /** `uncertain` is a finding that may be; every other one is a fault of the bridge. */
  readonly kind: (typeof faultKinds)[number];
  readonly words: string;
}

export interface Case {
  readonly handed: readonly Handed[];
  readonly side: Side;
  readonly gaps: readonly Gap[];
  /** Lower-case hex of a file on the homeserver. */
  readonly hashOf: (uri: string) => Promise<string>;
}

const uncertainWords = /^Nobody can tell/;

export async function judge(given: Case): Promise<Finding[]> {
  const findings: Finding[] = [];
  const say = (kind: Finding['kind'], words: string): void => void findings.push({ kind, words });
  for (const each of given.handed)
    if (each.side === 'in') await judgeInbound(given, each, say);
    else judgeOutbound(given, each, say);
  judgeOrder(given, say);
  judgeRooms(given, say);
  judgeStrangers(given, say);
  judgeGaps(given, say);
  return findings;
}

type Say = (kind: Finding['kind'], words: string) => void;

async function judgeInbound({ side, hashOf }: Case, handed: HandedIn, say: Say): Promise<void> {
  const events = side.inRooms(handed);
  if (events.length === 0) return say('lost', `${nameOf(handed)} is in no room`);
  if (events.length > 1) say('doubled', `${nameOf(handed)} is ${events.length} times in rooms`);
  for (const event of events) {
    if (side.citizenOf(event.room) !== handed.citizen)
      say('unexplained', `${nameOf(handed)} is in the room of another`);
    const replyTo = handed.replyTo === undefined ? undefined : side.eventOf(handed.replyTo);
    if (handed.kind !== 'reaction' && event.replyTo !== replyTo)
      say('lost', `${nameOf(handed)} replies to ${String(event.replyTo)} instead of ${String(replyTo)}`);
    if (handed.sha256 !== undefined && (await hashOf(String(event.content['url']))) !== handed.sha256)
      say('lost', `the file of ${nameOf(handed)} is another one`);
  }
}

function judgeOutbound({ side }: Case, handed: HandedOut, say: Say): void {
  const notices = side.noticesAt(handed.event);
  const uncertain = notices.filter(({ content }) => uncertainWords.test(String(content['body'])));
  if (notices.length > 1) say('doubled', `${nameOf(handed)} has ${notices.length} notices`);
  const missing = handed.pieces.filter((piece) => {
    const arrived = side.atPhone(handed, piece);
    if (arrived.length > 1) say('doubled', `${nameOf(handed)} reached the phone ${arrived.length} times`);
    for (const { replyTo, sha256 } of arrived) {
      const wanted = handed.replyTo === undefined ? undefined : side.messageOf(handed.replyTo);
      if (piece === handed.pieces[0] && handed.kind !== 'reaction' && replyTo !== wanted)
        say('lost', `${nameOf(handed)} answers ${String(replyTo)} instead of ${String(wanted)}`);
      if (piece === handed.pieces[0] && handed.sha256 !== undefined && sha256 !== handed.sha256)
        say('lost', `the file of ${nameOf(handed)} is another one`);
    }
    return arrived.length === 0;
  });
  if (handed.isRefused) {
    if (notices.length === 0) say('lost', `${nameOf(handed)} could not be passed on, and nobody said so`);
    return;
  }
  if (missing.length > 0 && uncertain.length === 0)
    say('lost', `${missing.length} of ${handed.pieces.length} pieces of ${nameOf(handed)} did not reach the phone`);
  if (missing.length === 0 && uncertain.length > 0)
    say('unexplained', `${nameOf(handed)} is called uncertain, but WhatsApp told that it has it`);
  for (const { content } of notices.filter((notice) => !uncertain.includes(notice)))
    say('unexplained', `${nameOf(handed)} met a refusal that nobody made: ${String(content['body'])}`);
}

/** In every lane, the order in which things were handed in is the order in which they are on the other side. */
function judgeOrder({ handed, side }: Case, say: Say): void {
  for (const lane of Map.groupBy(handed, (each) => `${each.side} ${each.citizen}`).values()) {
    const places = lane.flatMap((each) => side.placesOf(each).map((place) => ({ ...place, each })));
    for (const [index, later] of places.entries())
      for (const earlier of places.slice(0, index))
        if (earlier.there > later.there && (earlier.each === later.each || side.mustPrecede(earlier.each, later.each)))
          say('misordered', `${nameOf(later.each)} came before ${nameOf(earlier.each)}`);
  }
}

function judgeRooms({ handed, side }: Case, say: Say): void {
  for (const citizen of new Set(handed.map((each) => each.citizen))) {
    const rooms = side.roomsOf(citizen);
    if (rooms.length > 1) say('doubled', `citizen ${citizen} has ${rooms.length} rooms`);
  }
}

function judgeStrangers({ handed, side }: Case, say: Say): void {
  for (const words of side.unknownTo(handed)) say('unexplained', `nobody handed in ${words}`);
}

/** "Uncertain" is fair only for what was on its way in a gap, and in one lane only for one at a time. */
function judgeGaps({ handed, side, gaps }: Case, say: Say): void {
  const taken = new Set<string>();
  for (const each of handed) {
    if (each.side === 'in') continue;
    for (const notice of side.noticesAt(each.event)) {
      if (!uncertainWords.test(String(notice.content['body']))) continue;
      const gap = gaps.find(
        (candidate) =>
          candidate.to >= each.at && candidate.from <= notice.at && !taken.has(`${each.citizen} ${candidate.from}`),
      );
      if (gap === undefined) say('unexplained', `${nameOf(each)} is called uncertain without any gap`);
      else {
        taken.add(`${each.citizen} ${gap.from}`);
        say('uncertain', `${nameOf(each)}, after: ${gap.what}`);
      }
    }
  }
}

const nameOf = ({ side, kind, token, citizen }: Handed): string => `${kind} ${token} (${side}, ${citizen})`;
