const swc = [
  '@swc/jest',
  {
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
      keepClassNames: true,
    },
    module: { type: 'commonjs', ignoreDynamic: true },
    sourceMaps: 'inline',
  },
];

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': swc },
  moduleNameMapper: {
    '^@pulsegraph/kit/(.*)$': '<rootDir>/packages/kit/src/$1/index.ts',
    '^@pulsegraph/(contracts|decode|testkit|live-client)$': '<rootDir>/packages/$1/src/index.ts',
    '^@pulsegraph/(devices|telemetry|alerts|users)$': '<rootDir>/subgraphs/$1/src/index.ts',
    '^@pulsegraph/(gateway|ingest-bridge|schema|standalone|conformance)$': '<rootDir>/$1/src/index.ts',
    '^@pulsegraph/(platform-client|rules|simulator)$': '<rootDir>/tools/$1/src/index.ts',
    // TypeScript's nodenext wants .js in relative imports; jest reads the source.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/client/'],
  modulePathIgnorePatterns: ['/dist/'],
  setupFiles: ['reflect-metadata'],
};

module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '\\.int\\.spec\\.ts$'],
    },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['**/*.int.spec.ts'],
      globalSetup: '<rootDir>/packages/testkit/src/jest/global-setup.ts',
      globalTeardown: '<rootDir>/packages/testkit/src/jest/global-teardown.ts',
    },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/e2e/**/*.e2e.ts'] },
  ],
  testTimeout: 60_000,
};
