import { Kind, TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type FieldNode, type GraphQLSchema } from 'graphql';
import { argumentsText, type FieldSets } from '../supergraph/field-sets.js';

export interface SafelyNamed {
  document: DocumentNode;
  /** Names of ours → the client's; null when nothing had to be renamed. */
  clientNames: ReadonlyMap<string, string> | null;
}

const PREFIX = 'pulsegraph__n';

/**
 * Keys and requirements travel in the same objects as what the client asked for, under the names of their fields. A
 * client that calls something else by such a name (`id: name`), or asks for such a field with arguments of its own,
 * would have its value sent to a subgraph as a key, or get a key as its value. Those fields get names of ours until the
 * answer is shaped.
 */
export function nameSafely(document: DocumentNode, schema: GraphQLSchema, { names }: FieldSets): SafelyNamed {
  const clientNames = new Map<string, string>();
  const ours = new Map<string, string>();
  const info = new TypeInfo(schema);
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const renamed = visit(
    document,
    visitWithTypeInfo(info, {
      // On leaving: what is inside has been renamed by then, and the node must not be visited anew.
      Field: {
        leave(node) {
          const name = node.alias?.value ?? node.name.value;
          const parent = info.getParentType();
          if (!names.has(name) || roots.some((root) => root && root === parent)) return undefined;
          if (name === node.name.value && !node.arguments?.length) return undefined;
          const key = `${name}\n${node.name.value}\n${argumentsText(node)}`;
          let own = ours.get(key);
          if (!own) {
            own = `${PREFIX}${ours.size}`;
            ours.set(key, own);
            clientNames.set(own, name);
          }
          return { ...node, alias: { kind: Kind.NAME, value: own } } satisfies FieldNode;
        },
      },
    }),
  );
  return clientNames.size === 0 ? { document, clientNames: null } : { document: renamed, clientNames };
}

/** An error's path with the client's names. */
export function clientPath(path: readonly (string | number)[], clientNames: ReadonlyMap<string, string>): (string | number)[] {
  return path.map((part) => (typeof part === 'string' ? (clientNames.get(part) ?? part) : part));
}
