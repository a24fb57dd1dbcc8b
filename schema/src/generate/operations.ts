import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, print, visit, type FragmentDefinitionNode, type OperationDefinitionNode } from 'graphql';

/** Every operation of the client with the fragments that it needs, by the SHA-256 of its text. */
export function clientOperations(clientFolder: string): Record<string, string> {
  const definitions = globSync('src/**/*.graphql', { cwd: clientFolder })
    .sort()
    .flatMap((path) => parse(readFileSync(join(clientFolder, path), 'utf8'), { noLocation: true }).definitions);
  const fragments = new Map(
    definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]),
  );
  const operations = definitions.filter((d): d is OperationDefinitionNode => d.kind === Kind.OPERATION_DEFINITION);
  const texts = operations.map((operation) =>
    print({ kind: Kind.DOCUMENT, definitions: [operation, ...fragmentsOf(operation, fragments)] }),
  );
  return Object.fromEntries(texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]));
}

function fragmentsOf(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): FragmentDefinitionNode[] {
  const found = new Map<string, FragmentDefinitionNode>();
  const look = (node: OperationDefinitionNode | FragmentDefinitionNode) =>
    visit(node, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (!fragment) throw new Error(`The client has no fragment "${name.value}".`);
        if (found.has(name.value)) return;
        found.set(name.value, fragment);
        look(fragment);
      },
    });
  look(operation);
  return [...found.values()].sort((a, b) => (a.name.value < b.name.value ? -1 : 1));
}
