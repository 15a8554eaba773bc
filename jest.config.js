if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error(`The tests need Node 24; this is ${process.version}. Run them with npm: npm run test:unit`);
}

export default {
  roots: ['<rootDir>/src', '<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
  testTimeout: 20_000,
};
