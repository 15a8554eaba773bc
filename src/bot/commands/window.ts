import type { Command } from '../command.ts';

const minuteMs = 60_000;

/** How long an official may still write freely in this chat. */
export const chatWindow: Command = {
  name: 'window',
  usage: '',
  summary: 'in a chat: until when its network lets you write freely',
  example: '!chancery window',
  role: 'official',
  run: async ({ place, templates }) => {
    const until = await templates.openUntil(place.room);
    if (until === undefined)
      return 'This person has not written yet. Only a template can be sent: `!chancery template list`.';
    const time = `${new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const minutes = Math.floor((until - Date.now()) / minuteMs);
    if (minutes < 0)
      return `Closed since ${time}. Wait until they write again, or send a template: \`!chancery template list\`.`;
    return `Open for ${Math.floor(minutes / 60)} hours and ${minutes % 60} minutes, until ${time}.`;
  },
};
