'use strict';

// Chancery encrypts with @matrix-org/matrix-sdk-crypto-wasm. Whoever reaches this package by mistake is told so.
const absent = (name) =>
  class {
    constructor() {
      throw new Error(
        `${name} of @matrix-org/matrix-sdk-crypto-nodejs is not part of Chancery: use @matrix-org/matrix-sdk-crypto-wasm`,
      );
    }
  };

module.exports = { OlmMachine: absent('OlmMachine'), StoreType: Object.freeze({ Sled: 0, Sqlite: 1 }) };
