import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { openTerminal, type Terminal } from '../../../src/cli/terminal.ts';

function onScreen(): { keys: PassThrough; terminal: Terminal; seen: () => string } {
  const keys = new PassThrough();
  const screen = new PassThrough();
  let seen = '';
  screen.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  return { keys, terminal: openTerminal(keys, screen), seen: () => seen };
}

test('a secret is not shown while it is typed, and what follows is shown again', async () => {
  const { keys, terminal, seen } = onScreen();
  const token = terminal.ask({ name: 'token', prompt: 'Token', secret: true });
  for (const key of 'hunter2\r') {
    keys.write(key);
    await delay(1);
  }
  expect(await token).toBe('hunter2');
  const label = terminal.ask({ name: 'label', prompt: 'Label', secret: false, whenEmpty: 'no label' });
  keys.write(' Loft \r');
  expect(await label).toBe('Loft');
  terminal.close();
  expect(seen()).toContain('Token (not shown): ');
  expect(seen()).toContain('Label (empty: no label): ');
  expect(seen()).toContain('Loft');
  expect(seen()).not.toMatch(/hunter2|h.*u.*n.*t.*e.*r.*2/su);
});

test.each([
  ['Ctrl+C', '\u0003'],
  ['Ctrl+D', '\u0004'],
])('%s stops the login', async (_, key) => {
  const { keys, terminal } = onScreen();
  const asking = terminal.ask({ name: 'token', prompt: 'Token', secret: true });
  keys.write(key);
  await expect(asking).rejects.toMatchObject({ code: 'CH-LOGIN-INVALID' });
});
