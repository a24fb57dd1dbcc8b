import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * One typed document beside each .graphql file, so that a lazy route carries its own operations and no other's.
 * CLIENT_SCHEMA names another API schema than the committed one.
 */
const scalars = { DateTime: 'string', Duration: 'string', JSON: 'unknown', Cursor: 'string', NumberList: '(number | null)[]' };

const config: CodegenConfig = {
  schema: process.env['CLIENT_SCHEMA'] ?? '../schema/api.graphql',
  documents: 'src/**/*.graphql',
  generates: {
    'src/core/schema.generated.ts': {
      plugins: ['typescript'],
      config: {
        scalars,
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        avoidOptionals: { field: true },
        onlyOperationTypes: true,
      },
    },
    'src/': {
      preset: 'near-operation-file',
      presetConfig: { baseTypesPath: 'core/schema.generated.ts', extension: '.generated.ts', importTypesNamespace: 'Schema' },
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        scalars,
        strictScalars: true,
        useTypeImports: true,
        avoidOptionals: { field: true },
        skipTypename: true,
        dedupeFragments: true,
      },
    },
  },
};
export default config;
