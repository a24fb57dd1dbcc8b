import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, visit } from 'graphql';

const SRC = join(process.cwd(), 'src');
const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const sources = files
  .filter((file) => file.endsWith('.ts') && !/\.(spec|generated)\.ts$/.test(file))
  .map((file) => ({ name: relative(SRC, file), text: readFileSync(file, 'utf8') }));
const documents = files
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => ({ name: relative(SRC, file), document: parse(readFileSync(file, 'utf8')) }));

describe('how this client may talk to the graph', () => {
  it('finds its own sources', () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(documents.length).toBeGreaterThan(8);
  });

  it('uses typed documents alone, never a runtime gql', () => {
    const offenders = sources.filter(({ text }) => /\bgql\s*[`(]|from 'graphql-tag'|import \{[^}]*\bgql\b/.test(text));
    expect(offenders.map(({ name }) => name)).toEqual([]);
  });

  it('reaches Apollo through core/graph only, where every stream and query goes past the cache', () => {
    const callers = sources.filter(({ text }) => /inject\(Apollo\)/.test(text)).map(({ name }) => name);
    expect(callers.sort()).toEqual(['core/apollo.ts', 'core/graph.ts']);
    const graph = sources.find(({ name }) => name === 'core/graph.ts')!.text;
    const policies = [...graph.matchAll(/this\.apollo\.(\w+)<[^(]*\((\{[^}]*\})/g)].map(([, verb, options]) => [
      verb,
      /fetchPolicy: '([\w-]+)'/.exec(options!)?.[1],
    ]);
    expect(policies).toEqual([
      ['query', 'no-cache'],
      ['query', 'cache-first'],
      ['mutate', 'no-cache'],
      ['subscribe', 'no-cache'],
    ]);
  });

  it('never asks for telemetry by a document that the cache serves', () => {
    const telemetry = new Set(['readings', 'series', 'latest', 'statistics']);
    const touching = documents.flatMap(({ document }) =>
      document.definitions.flatMap((definition) => {
        if (definition.kind !== 'OperationDefinition') return [];
        let found = false;
        visit(definition, { Field: ({ name }) => void (found ||= telemetry.has(name.value)) });
        return found ? [`${definition.name!.value}Document`] : [];
      }),
    );
    expect(touching).toContain('LiveReadingsDocument');
    expect(touching).toContain('SeriesColumnsDocument');
    const cached = sources.flatMap(({ text }) => [...text.matchAll(/graph\.cached\((\w+)/g)].map(([, document]) => document));
    expect(cached.length).toBeGreaterThan(0);
    expect(cached.filter((document) => touching.includes(document!))).toEqual([]);
  });

  it('can resume every subscription: each declares after and selects its cursor', () => {
    const subscriptions = documents.flatMap(({ document }) =>
      document.definitions.filter((definition) => definition.kind === 'OperationDefinition' && definition.operation === 'subscription'),
    );
    expect(subscriptions).toHaveLength(3);
    for (const subscription of subscriptions) {
      if (subscription.kind !== 'OperationDefinition') continue;
      const variables = subscription.variableDefinitions?.map(({ variable }) => variable.name.value);
      const [root] = subscription.selectionSet.selections;
      const fields =
        root?.kind === 'Field' ? root.selectionSet?.selections.map((selection) => selection.kind === 'Field' && selection.name.value) : [];
      expect(variables, subscription.name?.value).toContain('after');
      expect(fields, subscription.name?.value).toContain('cursor');
    }
  });
});
