import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Identifiers, transactionIdOf } from '../../../src/matrix/identifiers.ts';
import {
  type AccountId,
  asId,
  type ChatId,
  type ContactId,
  type NetworkId,
  type UserId,
} from '../../../src/model/ids.ts';

const whatsapp = asId<NetworkId>('whatsapp');
const phone = asId<ContactId>('49151234567');
const named = (secret = 'a secret of sixteen bytes or more'): Identifiers =>
  new Identifiers({
    secret: Buffer.from(secret),
    serverName: 'agency.example',
    namespacePrefix: 'chancery_',
    botLocalpart: 'chancery',
  });

test('a ghost always has the same name, and it says nothing about the number', () => {
  const ghost = named().ghost(whatsapp, phone);
  expect(ghost).toBe(named().ghost(whatsapp, phone));
  expect(ghost).toMatch(/^@chancery_[a-z2-7]{32}:agency\.example$/);
  expect(ghost).not.toContain(phone);
});

test('another secret, network or contact makes another ghost', () => {
  const ghosts = [
    named().ghost(whatsapp, phone),
    named('another secret of enough bytes').ghost(whatsapp, phone),
    named().ghost(asId<NetworkId>('signal'), phone),
    named().ghost(whatsapp, asId<ContactId>('49151234568')),
  ];
  expect(new Set(ghosts).size).toBe(4);
});

test('the aliases of two accounts in the same chat differ', () => {
  const alias = (account: string): string =>
    named().portalAlias(whatsapp, asId<AccountId>(account), asId<ChatId>('chat'));
  expect(alias('one')).toMatch(/^chancery_[a-z2-7]{32}$/);
  expect(alias('one')).not.toBe(alias('two'));
});

test('a user has one device, safe in a path', () => {
  const user = asId<UserId>('@someone:agency.example');
  expect(named().device(user)).toMatch(/^[A-Z2-7]{16}$/);
  expect(named().device(user)).toBe(named().device(user));
});

test('only the bot and the namespace are ours', () => {
  const ids = named();
  const isOurs = (user: string): boolean => ids.isOurs(asId<UserId>(user));
  expect(isOurs('@chancery:agency.example')).toBe(true);
  expect(isOurs('@chancery_sender:agency.example')).toBe(true);
  expect(isOurs(ids.ghost(whatsapp, phone))).toBe(true);
  expect(isOurs('@minister:agency.example')).toBe(false);
  expect(isOurs('@chancery_sender:elsewhere.example')).toBe(false);
  expect(ids.isGhost(ids.bot)).toBe(false);
});

test('a secret too short to be one is refused', () => {
  expect(() => named('short')).toThrow(RangeError);
});

test('no two sends share a transaction id, however their words are cut', () => {
  const words = fc.tuple(fc.string(), fc.string(), fc.nat(3), fc.string());
  fc.assert(
    fc.property(words, words, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      expect(idOf(one) === idOf(other)).toBe(same);
    }),
  );
  expect(idOf(['a', 'bc', 0, '@s'])).not.toBe(idOf(['ab', 'c', 0, '@s']));
  expect(idOf(['1:a', '', 0, '@s'])).not.toBe(idOf(['', '1:a', 0, '@s']));
  expect(idOf(['a', 'b', 0, '@s'])).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

const idOf = ([account, remote, part, sender]: [string, string, number, string]): string =>
  transactionIdOf({ account: asId<AccountId>(account), remote, part, sender: asId<UserId>(sender) });
