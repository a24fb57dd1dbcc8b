// Run by `npm run check`. Each comment says what to do instead.
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('no-cycles', 'Move the shared part down a layer.', {}, { circular: true }),
    forbid(
      'subgraphs-stay-apart',
      'Use an entity reference or an event from contracts.',
      { path: '^subgraphs/([^/]+)/' },
      { path: '^subgraphs/', pathNot: '^subgraphs/$1/' },
    ),
    forbid(
      'packages-are-leaves',
      'A package never knows the process using it.',
      { path: '^packages/' },
      { path: '^(gateway|subgraphs|ingest-bridge|client|schema|standalone|tools)/' },
    ),
    forbid(
      'live-client-stands-alone',
      'It is published by itself: nothing but its peer graphql-ws.',
      { path: '^packages/live-client/', pathNot: '([.]spec[.]ts$|/testing/)' },
      { path: '.', pathNot: ['^packages/live-client/', 'node_modules/graphql-ws/'] },
    ),
    forbid(
      'conformance-knows-no-gateway',
      'The suite runs against any gateway: it sees a URL.',
      { path: '^conformance/', pathNot: '[.]spec[.]ts$' },
      { path: '^(packages|gateway|subgraphs|ingest-bridge|client|schema|standalone|tools)/' },
    ),
    forbid(
      'contracts-are-pure',
      'Browser and simulator import it too.',
      { path: '^packages/contracts/', pathNot: '[.]spec[.]ts$' },
      { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/zod/' },
    ),
    forbid(
      'decode-is-pure',
      'Bytes in, readings or rejections out: no I/O.',
      { path: '^packages/decode/', pathNot: '[.]spec[.]ts$' },
      { path: '^(packages/kit|gateway|subgraphs)/' },
    ),
    forbid(
      'simulator-sees-what-a-device-sees',
      'The simulator imports contracts alone; the rest it does over MQTT and GraphQL.',
      { path: '^tools/simulator/', pathNot: '[.]spec[.]ts$' },
      { path: '^(packages/(kit|decode|testkit)|gateway|subgraphs|ingest-bridge|standalone)/' },
    ),
    forbid(
      'rules-as-code-sees-what-an-administrator-sees',
      'It imports contracts alone; the rest it does over GraphQL.',
      { path: '^tools/(rules|platform-client)/', pathNot: '[.]spec[.]ts$' },
      { path: '^(packages/(kit|decode|testkit)|gateway|subgraphs|ingest-bridge|standalone|tools/simulator)/' },
    ),
    forbid(
      'resolvers-hold-no-sql',
      'Go through the service or a loader.',
      { path: '[.]resolver[.]ts$' },
      { path: ['[.]repository[.]ts$', 'node_modules/typeorm/'], dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'services-know-no-graphql',
      'Workers and tests call services too.',
      { path: '[.]service[.]ts$' },
      { path: 'node_modules/(type-graphql|graphql|@apollo)/' },
    ),
    forbid(
      'testkit-is-for-tests',
      'Production code never imports it.',
      { pathNot: '([.](spec|contract)[.]ts$|[.]e2e[.]ts$|^packages/testkit/|^e2e/|^bench/)' },
      { path: '^packages/testkit/' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
  },
};
