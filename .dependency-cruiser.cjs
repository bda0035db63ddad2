// The rooms and the one way dependencies point, as docs/tour.md draws them. A file of a room may import its own room and what stands here.
const anyRoom = ['domain', 'lib'];
const rooms = {
  domain: [],
  lib: [],
  dialects: anyRoom,
  counters: anyRoom,
  store: anyRoom,
  ledger: [...anyRoom, 'store'],
  identity: anyRoom,
  upstream: anyRoom,
  providers: [...anyRoom, 'dialects', 'upstream'],
  http: ['lib', 'proxy', 'domain/planes.ts'],
  proxy: [
    ...[...anyRoom, 'dialects', 'counters/counters.ts', 'providers/provider.ts', 'upstream/call.ts', 'ledger', 'store'],
    ...[
      'providers/vendor-batches.ts',
      'identity/workload',
      'identity/throttle.ts',
      'identity/network.ts',
      'http/request-reply.ts',
      'observe/traffic.ts',
      'observe/tracing.ts',
      'observe/trace-context.ts',
      'observe/request-lines.ts',
    ],
  ],
  // What is said about requests: it knows what a request and a refusal are, and no step of the walk.
  observe: [
    ...[...anyRoom, 'ledger', 'counters/counters.ts', 'http/request-reply.ts'],
    ...['proxy/refusal.ts', 'proxy/snapshot/snapshot.ts', 'proxy/endpoints/endpoint.ts'],
  ],
  ops: [...anyRoom, 'dialects', 'observe', 'http', 'proxy'],
  settings: ['lib', 'domain/planes.ts', 'domain/clouds.ts'],
  admin: [...anyRoom, 'store', 'counters/counters.ts', 'providers/provider.ts', 'ledger', 'identity'],
  jobs: [...anyRoom, 'store', 'counters/counters.ts', 'providers/provider.ts', 'ledger', 'identity'],
};

const src = (name) => `^server/src/${name.endsWith('.ts') ? name.replaceAll('.', '\\.') : `${name}/`}`;

const arrows = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${allowed.join(', ') || 'no other room'}.`,
  severity: 'error',
  from: { path: src(room), pathNot: '\\.test\\.ts$' },
  to: { path: '^(server|console|bench|scripts)/', pathNot: [room, ...allowed].map(src) },
}));

/** Areas of a room that another area of it does not know. */
const areas = [
  // What one process counts, and what Redis counts, know nothing of the many processes that count as one.
  ['counters/memory', ['counters/redis', 'counters/shared']],
  ['counters/redis', ['counters/shared']],
];

module.exports = {
  forbidden: [
    ...arrows,
    ...areas.map(([area, others]) => ({
      name: `${area}-imports`,
      comment: `${area} does not know ${others.join(', ')}.`,
      severity: 'error',
      from: { path: src(area), pathNot: '\\.test\\.ts$' },
      to: { path: others.map(src) },
    })),
    {
      name: 'cli-imports',
      comment:
        'Commands import like admin and may read its schemas; only serve, backup, restore and the seeder import the server itself.',
      severity: 'error',
      from: { path: src('cli'), pathNot: ['\\.test\\.ts$', '^server/src/cli/(serve|backup|restore|seed)'] },
      to: {
        path: '^(server|console|bench|scripts)/',
        pathNot: [...['cli', 'settings', 'admin', ...rooms.admin].map(src), '^server/demo/'],
      },
    },
    {
      name: 'journal-without-database',
      comment: 'The files of the journal work when no database does; only what stores its lines knows one.',
      severity: 'error',
      from: {
        path: src('ledger'),
        pathNot: [
          '\\.test\\.ts$',
          '^server/src/ledger/(catch-up|late-rows|ledger-statement|ledger-writer|ledger-writing|line-store)',
        ],
      },
      to: { path: src('store') },
    },
    {
      name: 'only-boot-wires',
      comment: 'boot knows everything, so nothing but main.ts and a command that opens what the server opens may know boot.',
      severity: 'error',
      from: { path: '^server/src/', pathNot: ['\\.test\\.ts$', '^server/src/(boot/|main\\.ts$|cli/)'] },
      to: { path: ['^server/src/main\\.ts$', src('boot')] },
    },
    {
      name: 'only-serve-starts-main',
      comment: 'main.ts serves as soon as it is imported.',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/src/cli/serve\\.ts$' },
      to: { path: '^server/src/main\\.ts$' },
    },
    {
      name: 'vendors-apart',
      comment: 'One vendor never imports another. The tokens of clouds are no vendor.',
      severity: 'error',
      from: { path: '^server/src/providers/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^server/src/providers/[^/]+/', pathNot: '^server/src/providers/($1|tokens)/' },
    },
    {
      name: 'only-boot-names-a-vendor',
      comment: 'Beside its own folder only boot and tests name a vendor.',
      severity: 'error',
      from: {
        path: '^server/',
        pathNot: ['\\.test\\.ts$', '^server/test/', '^server/src/boot/', '^server/src/providers/[^/]+/'],
      },
      to: { path: '^server/src/providers/[^/]+/', pathNot: '^server/src/providers/tokens/' },
    },
    {
      name: 'product-never-imports-tests',
      comment: 'What ships does not lean on what proves it.',
      severity: 'error',
      from: { path: '^server/(src|demo)/', pathNot: '\\.test\\.ts$' },
      to: { path: ['^server/test/', '\\.test\\.ts$', '^bench/', '^scripts/'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'Rules do no I/O and use no framework. Hashing is a pure function.',
      severity: 'error',
      from: { path: src('domain'), pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'sign-in-library-in-one-room',
      comment: 'identity is the only room that imports better-auth.',
      severity: 'error',
      from: { path: '^server/', pathNot: src('identity') },
      to: { path: 'node_modules/(better-auth|@better-auth)/' },
    },
    {
      name: 'nothing-ships-on-development-packages',
      comment: 'What the server imports at run time is listed as its dependency.',
      severity: 'error',
      from: { path: '^server/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', comment: 'A cycle is one file in two pieces.', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', comment: 'Every import resolves.', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What is built from the sources is not a source.
    exclude: { path: '^console/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'server/tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
