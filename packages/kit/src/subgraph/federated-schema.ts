import 'reflect-metadata';
import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
import { isInputObjectType, isObjectType, parse, specifiedDirectives, valueFromAST, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, createResolversMap, type BuildSchemaOptions } from 'type-graphql';
import { DateTime, Duration } from '../scalars/index.js';
import { ACCESS_SDL, enforceAccess, guardReference, readAccess } from './access.js';
import type { SubgraphContext } from './subgraph.js';

type ReferenceResolver<C> = (reference: { __typename: string; id: string }, context: C) => unknown;

export interface FederatedSchemaOptions<C extends SubgraphContext> extends Pick<
  BuildSchemaOptions,
  'resolvers' | 'container' | 'scalarsMap'
> {
  /** `__resolveReference` by type name. A type without one answers with the reference itself. */
  references?: Record<string, ReferenceResolver<C>>;
  /** Types reached by no resolver, such as entity stubs. */
  orphanedTypes?: BuildSchemaOptions['orphanedTypes'];
  /** True for subgraphs with `@delivery` and `@resume` subscriptions. */
  live?: boolean;
}

const FEDERATION_IMPORTS = ['@key', '@shareable', '@tag', '@cost', '@listSize', '@composeDirective'];

const LIVE_SDL = `
extend schema
  @link(url: "https://pulsegraph.dev/live/v1.0", import: ["@delivery", "@resume"])
  @composeDirective(name: "@delivery")
  @composeDirective(name: "@resume")

"How events reach a slow client: all of them up to \`bound\` and then an error, or only the newest per key."
directive @delivery(policy: DeliveryPolicy!, key: String, bound: Int) on FIELD_DEFINITION
enum DeliveryPolicy { KEEP_ALL LATEST_BY_KEY }
"Which argument resumes this subscription, and which payload field is its cursor."
directive @resume(argument: String!, cursor: String!) on FIELD_DEFINITION
`;

/** type-graphql refuses subscriptions without one, even where each names its own `subscribe`, as all of ours do. */
const NO_PUB_SUB = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error('Give the subscription a `subscribe` of its own: topics would bypass cursors.');
  },
};

/** type-graphql classes → Federation 2 subgraph schema. */
export function buildFederatedSchema<C extends SubgraphContext>(options: FederatedSchemaOptions<C>): GraphQLSchema {
  const { references = {}, live = false, scalarsMap = [], orphanedTypes = [], ...rest } = options;
  const schema = buildSchemaSync({
    ...rest,
    orphanedTypes,
    directives: [...specifiedDirectives],
    scalarsMap: [{ type: Date, scalar: DateTime }, ...scalarsMap],
    pubSub: NO_PUB_SUB,
    validate: false,
    skipCheck: true,
  });
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${JSON.stringify(FEDERATION_IMPORTS)})\n`;
  const typeDefs = parse(link + ACCESS_SDL + (live ? LIVE_SDL : '') + printSubgraphSchema(schema));
  const resolvers = createResolversMap(schema) as Record<string, Record<string, unknown>>;
  const access = readAccess(typeDefs);
  const itself: ReferenceResolver<C> = (reference) => reference;
  for (const [type, rule] of access)
    if (!type.includes('.') && !references[type]) (resolvers[type] ??= {}).__resolveReference = guardReference(rule, itself);
  for (const [type, resolve] of Object.entries(references))
    (resolvers[type] ??= {}).__resolveReference = guardReference(access.get(type), resolve);
  const built = withParsedDefaults(buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]));
  enforceAccess(built, access);
  return built;
}

/**
 * Defaults were read from the document before the scalars had their parsers: a Duration of "PT30S" would reach resolvers as
 * that string. Read them once more.
 */
function withParsedDefaults(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    const inputs = isInputObjectType(type)
      ? Object.values(type.getFields())
      : isObjectType(type)
        ? Object.values(type.getFields()).flatMap(({ args }) => args)
        : [];
    for (const input of inputs) {
      const literal = input.astNode?.defaultValue;
      if (literal) input.defaultValue = valueFromAST(literal, input.type);
    }
  }
  return schema;
}

export { Duration };
