const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@composeDirective"])';
export const SUBGRAPHS = ['assets', 'works', 'people', 'live'] as const;
export type LargeSubgraph = (typeof SUBGRAPHS)[number];

const FIELDS = 8;
/** As many rounds can take one away. */
const SPARE = 100;

export const typeName = (subgraph: string, index: number) => `${subgraph[0]!.toUpperCase()}${subgraph.slice(1)}Thing${index}`;
export const rootName = (subgraph: string, index: number) => `${subgraph}Thing${index}`;

/** A graph of so many types over four subgraphs: entities that three of them extend, and records below each. */
export function largeGraph(types: number): Record<LargeSubgraph, string> {
  const perSubgraph = Math.floor(types / SUBGRAPHS.length);
  const sdl = {} as Record<LargeSubgraph, string>;
  for (const subgraph of SUBGRAPHS) {
    const parts = [LINK];
    const queries: string[] = [];
    // Read by nobody: it can go.
    const spare = Array.from({ length: SPARE }, (_, index) => `  spare${index}: Int\n`).join('');
    for (let index = 0; index < perSubgraph; index += 1) {
      const name = typeName(subgraph, index);
      const fields = Array.from(
        { length: FIELDS },
        (_, field) => `  "Field ${field}."\n  field${field}: ${['String', 'Int', 'Float', 'Boolean'][field % 4]!}`,
      );
      const next = `  "The next one."\n  next: ${typeName(subgraph, (index + 1) % perSubgraph)}`;
      parts.push(
        `"One of ${name}."\ntype ${name} @key(fields: "id") {\n  id: ID!\n${fields.join('\n')}\n${next}\n${index === 0 ? spare : ''}}`,
      );
      queries.push(`  "One."\n  ${rootName(subgraph, index)}(id: ID!): ${name}`);
    }
    // Each extends what the one before it owns.
    const before = SUBGRAPHS[(SUBGRAPHS.indexOf(subgraph) + 3) % 4]!;
    for (let index = 0; index < perSubgraph; index += 4)
      parts.push(`type ${typeName(before, index)} @key(fields: "id") {\n  id: ID!\n  "From ${subgraph}."\n  ${subgraph}Count: Int\n}`);
    parts.push(`type Query {\n${queries.join('\n')}\n}`);
    if (subgraph === 'live') parts.push(LIVE);
    sdl[subgraph] = parts.join('\n');
  }
  return sdl;
}

const LIVE = `"What has happened."
type Tick {
  "Counts up."
  n: Int!
  "Where."
  asset: ${typeName('assets', 0)}
}
type ${typeName('assets', 0)} @key(fields: "id", resolvable: false) {
  id: ID!
}
type Subscription {
  "As it happens."
  ticks: Tick!
}`;

/** So many different operations, each of a few fields in one or two subgraphs. */
export function largeOperations(count: number, types: number): { name: string; document: string }[] {
  const perSubgraph = Math.floor(types / SUBGRAPHS.length);
  return Array.from({ length: count }, (_, index) => {
    const subgraph = SUBGRAPHS[index % SUBGRAPHS.length]!;
    const type = Math.floor(index / SUBGRAPHS.length) % perSubgraph;
    const first = index % FIELDS;
    const after = SUBGRAPHS[(SUBGRAPHS.indexOf(subgraph) + 1) % 4]!;
    const extension = type % 4 === 0 ? ` ${after}Count` : '';
    const deeper = index % 3 === 0 ? ` next { id field${(first + 2) % FIELDS} next { field0 } }` : '';
    const name = `Operation${index}`;
    return {
      name,
      document: `query ${name}($id: ID!) { ${rootName(subgraph, type)}(id: $id) { id field${first} field${(first + 1) % FIELDS}${extension}${deeper} } }`,
    };
  });
}
