/** One run of the conversation on a stage: the live transcript while it goes on, the report when it is over. */
import { setTimeout as delay } from 'node:timers/promises';
import { Columns } from './columns.ts';
import { converse } from './conversation.ts';
import type { Memory } from './memory.ts';
import { authority, citizen, officialName } from './people.ts';
import { reportOf, wasSeen } from './report.ts';
import type { Stage } from './stage.ts';
import { NotSeen, Steps } from './steps.ts';
import { Transcript } from './transcript.ts';
import { WhatsAppLines } from './whatsapp-lines.ts';

export interface PlayOptions {
  readonly stage: Stage;
  readonly memory: Memory;
  readonly folder: string;
  /** Milliseconds before each step, so that a person can follow. */
  readonly paceMs: number;
  readonly print: (line: string) => void;
}

/** Resolves to whether every step was seen on both sides; the transcript goes on until the stage is closed. */
export async function play({ stage, memory, folder, paceMs, print }: PlayOptions): Promise<boolean> {
  const { official, before } = await stage.enterOfficial();
  const { whatsapp } = stage.house;
  const number = memory.nextConversation();
  const kept = before.size === 0 ? '' : ' What was said before is still here.';
  print(`Conversation ${number} between ${citizen.name} and ${officialName}, ${authority}.${kept}\n`);
  const columns = new Columns(print);
  columns.head(`The official's client (Matrix, /sync)`, `The citizen's phone (WhatsApp's log)`);
  const whatsappLines = new WhatsAppLines(citizen.name, authority);
  const transcript = new Transcript({ official, before, whatsapp, whatsappLines, columns });
  transcript.start(print);
  stage.whenClosing(() => transcript.stop());
  const steps = new Steps(() => delay(paceMs));
  try {
    const sides = { whatsapp, official, before, citizen };
    memory.keepRoom(await converse(steps, { sides, number, folder, knownRoom: memory.room }));
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
  }
  await transcript.caughtUp().catch((thrown: unknown) => print(`Not all of it can be shown: ${String(thrown)}`));
  print('\nWas each step really seen on both sides?\n');
  for (const line of reportOf(steps.outcomes)) print(line);
  const seen = steps.outcomes.filter(wasSeen).length;
  const all = seen === steps.outcomes.length;
  if (all) print(`All ${seen} steps were seen on both sides.\n`);
  return all;
}
