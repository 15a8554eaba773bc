/** Errors of the catalogue, and what is known of anything else that was thrown. */
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { equalSecrets } from '../../../src/base/constant-time.ts';
import { ChanceryError, messageOf, systemCodeOf } from '../../../src/base/errors.ts';

test('an error says what, where and what was expected, and what to do', () => {
  const error = new ChanceryError('CH-CONFIG-INVALID', { place: 'chancery.yaml:3', detail: 'Expected a port.' });
  expect(error.message).toBe('The configuration is not valid. (chancery.yaml:3) Expected a port.');
  expect(error.advice).toBe('Correct the places named.');
  expect(error).toMatchObject({ code: 'CH-CONFIG-INVALID', place: 'chancery.yaml:3', detail: 'Expected a port.' });
});

test('an error that names no status is answered with 500', () => {
  expect(new ChanceryError('CH-NOT-RUNNING').status).toBe(500);
  expect(new ChanceryError('CH-HTTP-TOO-LARGE').status).toBe(413);
});

test('the message and the code of an error are found whatever realm it comes from', () => {
  const foreign: unknown = runInNewContext("Object.assign(new Error('no such file'), { code: 'ENOENT' })");
  expect(foreign).not.toBeInstanceOf(Error);
  expect([messageOf(foreign), systemCodeOf(foreign)]).toEqual(['no such file', 'ENOENT']);
});

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [7, '7'],
  ['words', 'words'],
  [{ code: 20 }, '[object Object]'],
])('%p may be thrown without harm', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
  expect(systemCodeOf(thrown)).toBeUndefined();
});

test('secrets are equal only when every byte is', () => {
  expect(equalSecrets('secret', 'secret')).toBe(true);
  expect(equalSecrets('secret', Buffer.from('secret'))).toBe(true);
  for (const other of ['', 'secre', 'secret ', 'Secret', 'secreu']) expect(equalSecrets(other, 'secret')).toBe(false);
});
