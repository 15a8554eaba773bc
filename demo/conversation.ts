/**
 * The conversation: a citizen reports a broken street lamp, an official answers. Every text names the number of the
 * report, which no earlier conversation in this folder has, so none is taken for one of another run.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BothSides } from './both-sides.ts';
import { CitizenActs } from './citizen-acts.ts';
import { OfficialActs } from './official-acts.ts';
import { photoOfLamp } from './photo.ts';
import { ProgressActs } from './progress-acts.ts';
import type { Steps } from './steps.ts';

export interface Setting {
  readonly sides: BothSides;
  readonly number: number;
  /** Where the official's photo is put before it is sent. */
  readonly folder: string;
  /** The room of the earlier conversations, if there were any. */
  readonly knownRoom: string | undefined;
}

/** Resolves to the room. Throws `NotSeen` at the first step that was not seen on both sides. */
export async function converse(steps: Steps, { sides, number, folder, knownRoom }: Setting): Promise<string> {
  const citizen = new CitizenActs(sides);
  const official = new OfficialActs(sides);
  const message = new ProgressActs(sides);
  const report = `report ${number}`;
  const words = textsAbout(report);
  const dark = photoOfLamp(`The lamp of ${report}, dark`, false);
  const bright = photoOfLamp(`The lamp of ${report}, repaired`, true);
  const path = join(folder, 'lamp-repaired.png');
  writeFileSync(path, bright.bytes);

  const question = await steps.play('The citizen writes a text', citizen.writes(words.question, { knownRoom }));
  const { room_id: room, sender: ghost } = question.official;
  await steps.play('The official reads it', official.reads(question));
  const photo = await steps.play('The citizen sends a photo', citizen.sendsPhoto(dark, words.photo));
  const answer = await steps.play('The official answers', official.writes(room, words.answer));
  await steps.play('The answer is sent', message.isSent(answer, ghost));
  await steps.play('The answer is delivered', message.isDelivered(answer, ghost));
  await steps.play('The citizen reads the answer', citizen.reads(answer, ghost));
  await steps.play('The official replies to the photo', official.replies(photo, words.reply));
  await steps.play('The official reacts to the photo', official.reacts(photo, '👍'));
  await steps.play('The citizen replies to the answer', citizen.writes(words.thanks, { replyTo: answer }));
  await steps.play('The citizen reacts to the answer', citizen.reacts(answer, '❤️'));
  const repaired = official.sendsPhoto(room, bright, path, words.repaired);
  await steps.play('The official sends a photo', repaired);
  const edit = official.triesToEdit(answer, words.answer, words.edit);
  await steps.play('The official tries to edit the answer', edit);
  await steps.play('The official writes the correction', official.writes(room, words.correction));
  const onPhone = [words.answer, words.reply, words.repaired, words.correction];
  const inRoom = [words.question, words.photo, words.thanks];
  await steps.play('Each message is there, and once', message.isThereOnce({ onPhone, inRoom }));
  return room;
}

const textsAbout = (report: string) => ({
  question: `Good morning! This is about my ${report}: the street lamp in Mill Lane is still dark.`,
  photo: `This is the lamp of ${report}.`,
  answer: `Good morning, Ms Mustermann. I have ${report} here. Somebody comes on Monday.`,
  edit: `Good morning, Ms Mustermann. I have ${report} here. Somebody comes on Tuesday.`,
  reply: `Thank you for the photo, I put it to ${report}.`,
  thanks: `Monday is fine, thank you! Then ${report} is settled for me.`,
  repaired: `This is how the lamp of ${report} will look.`,
  correction: `A correction to ${report}: it is Tuesday, not Monday.`,
});
