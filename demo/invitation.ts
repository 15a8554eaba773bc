/** How to look at it in Element and go on oneself: as the official there, as the citizen here. */
import { citizen, officialName } from './people.ts';

export interface Access {
  readonly homeserver: string;
  readonly password: string;
  /** Whether lines typed in this terminal reach the demo. */
  readonly isTypable: boolean;
}

export const invitation = ({ homeserver, password, isTypable }: Access): readonly string[] => [
  'Be the official, in Element Desktop or Element Web on this machine:',
  '',
  '  1. Sign in. Choose "Edit" beside the homeserver ("Edit homeserver"), "Other homeserver", and enter the URL.',
  `       Homeserver   ${homeserver}`,
  `       Username     ${officialName}`,
  `       Password     ${password}`,
  `  2. Open the room "${citizen.name} (WhatsApp)" and write, reply, react, send a photo.`,
  '     Everything goes over plain HTTP on this machine only. A browser may ask whether Element Web may reach it.',
  '',
  ...(isTypable
    ? [
        `Be the citizen, here: type a line and press Enter, and ${citizen.name} writes it on WhatsApp.`,
        'Enter alone: she only reads what has come. "/photo": she sends a photo.',
        '',
      ]
    : []),
  'What both sides receive goes on appearing here. Ctrl-C ends everything; the next start keeps the data.',
  '',
];
