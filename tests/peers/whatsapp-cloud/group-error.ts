/** The errors of the Groups API: codes, titles and statuses as on Meta's page "Groups API error codes". */
import type { ErrorFacts } from './graph-error.ts';

const refused = (code: number, title: string, details: string, httpStatus = 400): ErrorFacts => ({
  httpStatus,
  code,
  title,
  details,
});

export const groupEmpty = refused(131020, 'Bad Group', 'Nobody but the business is in the group.');
export const groupUnknown = refused(131041, 'Group unknown', 'There is no such group, or this number is not in it.');
export const cursorInvalid = refused(131059, 'Invalid cursor', 'Begin again with the first page.');
export const partlyDone = refused(131201, 'Request partially succeeded', 'Not everybody could be treated.', 206);
export const participantTwice = refused(131202, 'Duplicate participant', 'Somebody is named more than once.');
export const groupFull = refused(131204, 'Participant overlimit', 'The group has no place left.');
export const groupSuspended = refused(131207, 'Group suspended', 'The group violates a policy of the platform.', 403);
export const notInGroup = refused(131212, 'Participant is not a part of the group.', 'There is no such participant.');
export const noJoinRequest = refused(131213, 'Group join request does not exist.', 'It may have been withdrawn.');
export const notEligible = refused(
  131215,
  'This phone number is not eligible to access Groups APIs',
  'Only official business accounts have groups.',
);
