/** What became of a group, in words, with what may be done about it. */
import type { ContactSketch } from '../../model/remote-event.ts';
import { meaningOf } from './error-words.ts';
import { fitting, listOf, member, textAt } from './notices.ts';

const maxWord = 100;
const maxListed = 20;

export interface GroupNews {
  readonly type: string;
  readonly field: string;
  readonly group: unknown;
  readonly joined: readonly ContactSketch[];
  readonly left: readonly ContactSketch[];
  readonly asking: ContactSketch | undefined;
}

/** For people in the chat, in one paragraph. */
export function groupWords({ type, field, group, joined, left, asking }: GroupNews): string {
  const who = asking?.displayName ?? 'Somebody';
  const request = textAt(group, 'join_request_id').slice(0, maxWord);
  const failures = failuresIn(group);
  const said = [
    ...(failures.length === 0
      ? happened(type, field, group, who, request)
      : [`WhatsApp could not do this (${shortened(type)}).`]),
    ...(joined.length === 0 ? [] : [`Joined: ${namesOf(joined)}.`]),
    ...(left.length === 0 ? [] : [`${byThemselves(group) ? 'Left' : 'Removed'}: ${namesOf(left)}.`]),
    ...failures,
  ];
  return fitting(said.join(' '));
}

function happened(type: string, field: string, group: unknown, who: string, request: string): string[] {
  const link = textAt(group, 'invite_link').slice(0, 3 * maxWord);
  switch (type) {
    case 'group_create':
      // Meta's own example of people who were removed is of this type.
      if (field !== 'group_lifecycle_update') return [];
      return [
        `This group was made.`,
        ...(link === '' ? [] : [`At most eight people may join it, with this link: ${link}`]),
      ];
    case 'group_delete':
      return ['This group was deleted. Nothing can be sent into it any more.'];
    case 'group_suspend':
      return ['WhatsApp has suspended this group. Nothing can be sent into it until that ends.'];
    case 'group_suspend_cleared':
      return ['WhatsApp has ended the suspension of this group.'];
    case 'group_join_request_created':
      return [
        `${who} asks to join. \`!chancery group approve ${request}\` lets them in, \`!chancery group decline ${request}\` does not.`,
      ];
    case 'group_join_request_revoked':
      return [`${who} no longer asks to join.`];
    case 'group_settings_update':
      return ['This group was changed.', ...settingsIn(group)];
    case 'group_participants_add':
    case 'group_participants_remove':
      return [];
    default:
      return [`WhatsApp reports a change of the group (${shortened(type)}, ${field}).`, ...settingsIn(group)];
  }
}

function settingsIn(group: unknown): string[] {
  const subject = textAt(member(group, 'group_subject'), 'text') || textAt(group, 'subject');
  const description = textAt(member(group, 'group_description'), 'text') || textAt(group, 'description');
  return [
    ...(subject === '' ? [] : [`Its name: ${shortened(subject)}.`]),
    ...(description === '' ? [] : [`Its description: ${description.slice(0, 20 * maxWord)}`]),
  ];
}

/** Of the whole and of its parts, in words. */
export function failuresIn(group: unknown): string[] {
  const parts = [group, ...['group_subject', 'group_description', 'profile_picture'].map((key) => member(group, key))];
  const failed = listOf(member(group, 'failed_participants')).slice(0, maxListed);
  return [...parts, ...failed].flatMap((part) =>
    listOf(member(part, 'errors'))
      .slice(0, 3)
      .map((error) => {
        const code = Number(textAt(error, 'code')) || undefined;
        return meaningOf(code, textAt(member(error, 'error_data'), 'details') || textAt(error, 'message')).words;
      }),
  );
}

const byThemselves = (group: unknown): boolean => textAt(group, 'initiated_by') === 'participant';
const namesOf = (people: readonly ContactSketch[]): string =>
  people.map(({ displayName }) => displayName ?? 'somebody').join(', ');
const shortened = (text: string): string => text.slice(0, 2 * maxWord).toWellFormed();
