/** The layering of docs/architecture.md: each folder may import only from the folders that come after it. */
const layers = [
  ['cli'],
  ['bot'],
  ['bridge', 'desk', 'records'],
  ['governance'],
  ['ledger'],
  ['matrix', 'networks'],
  ['store'],
  ['vault'],
  ['model'],
  ['config'],
  ['base'],
];

const upwardOrSideways = layers.flatMap((layer, depth) =>
  layer.map((folder) => ({
    name: `${folder}-imports-downwards`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: {
      path: `^src/(${[...layers.slice(0, depth).flat(), ...layer.filter((other) => other !== folder)].join('|') || 'nothing'})/`,
    },
  })),
);

module.exports = {
  forbidden: [
    ...upwardOrSideways,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'source-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|bench|demo|scripts)/' },
    },
    {
      name: 'networks-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/networks/([^/]+)/' },
      to: { path: '^src/networks/([^/]+)/', pathNot: '^src/networks/$1/' },
    },
    {
      name: 'sql-only-in-store',
      severity: 'error',
      from: { path: '^src/(?!store/)' },
      to: { path: '(^|/)(kysely|better-sqlite3[^/]*)(/|$)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
