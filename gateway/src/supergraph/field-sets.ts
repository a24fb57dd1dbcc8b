import {
  Kind,
  parse,
  print,
  visit,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldNode,
  type SelectionSetNode,
  type TypeDefinitionNode,
} from 'graphql';

/** What the supergraph's `@key` and `@requires` say, as far as operations can get in their way. */
export interface FieldSets {
  /** Every field that some key or requirement names: subgraphs are sent them under these names. */
  readonly names: ReadonlySet<string>;
  /** By `Type.field`, the fields with arguments that it requires: path → arguments. */
  readonly requiredArguments: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export function readFieldSets(supergraph: DocumentNode): FieldSets {
  const names = new Set<string>();
  const requiredArguments = new Map<string, Map<string, string>>();
  const addNames = (set: SelectionSetNode) => visit(set, { Field: ({ name }) => void names.add(name.value) });
  for (const type of typesOf(supergraph)) {
    for (const directive of type.directives ?? []) {
      const key = directive.name.value === 'join__type' && textArgument(directive, 'key');
      if (key) addNames(fieldSet(key));
    }
    for (const field of 'fields' in type ? (type.fields ?? []) : []) {
      for (const directive of field.directives ?? []) {
        const requires = directive.name.value === 'join__field' && textArgument(directive, 'requires');
        if (!requires) continue;
        const set = fieldSet(requires);
        addNames(set);
        const withArguments = new Map<string, string>();
        collectArguments(set, '', withArguments);
        if (withArguments.size > 0) requiredArguments.set(`${type.name.value}.${field.name.value}`, withArguments);
      }
    }
  }
  return { names, requiredArguments };
}

/**
 * A key that is not resolvable says only that a subgraph can name an entity. Where the subgraph has a resolvable key
 * beside it, Apollo's planner may yet come in by the other one, with fields that nobody resolves: it is better not told.
 */
export function withoutIdleKeys(supergraph: DocumentNode): DocumentNode {
  return visit(supergraph, {
    ObjectTypeDefinition: (type) => {
      const keys = (type.directives ?? []).filter((directive) => directive.name.value === 'join__type' && textArgument(directive, 'key'));
      const resolvableIn = new Set(keys.filter((key) => !isIdle(key)).map(graphOf));
      const idle = new Set(keys.filter((key) => isIdle(key) && resolvableIn.has(graphOf(key))));
      return idle.size === 0 ? undefined : { ...type, directives: type.directives!.filter((directive) => !idle.has(directive)) };
    },
  });
}

function typesOf(document: DocumentNode): TypeDefinitionNode[] {
  return document.definitions.filter(
    (d): d is TypeDefinitionNode => d.kind === Kind.OBJECT_TYPE_DEFINITION || d.kind === Kind.INTERFACE_TYPE_DEFINITION,
  );
}

function fieldSet(text: string): SelectionSetNode {
  const definition = parse(`{ ${text} }`, { noLocation: true }).definitions[0]!;
  if (definition.kind !== Kind.OPERATION_DEFINITION) throw new Error(`"${text}" is no set of fields.`);
  return definition.selectionSet;
}

function collectArguments(set: SelectionSetNode, prefix: string, found: Map<string, string>): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.INLINE_FRAGMENT) collectArguments(selection.selectionSet, prefix, found);
    if (selection.kind !== Kind.FIELD) continue;
    const path = `${prefix}${selection.name.value}`;
    if (selection.arguments?.length) found.set(path, argumentsText(selection));
    if (selection.selectionSet) collectArguments(selection.selectionSet, `${path}.`, found);
  }
}

/** Arguments in a canonical order. */
export function argumentsText({ arguments: given = [] }: FieldNode): string {
  return given.map(print).sort().join(', ');
}

function argument(directive: ConstDirectiveNode, name: string) {
  return directive.arguments?.find((candidate) => candidate.name.value === name)?.value;
}

function textArgument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = argument(directive, name);
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function isIdle(key: ConstDirectiveNode): boolean {
  const resolvable = argument(key, 'resolvable');
  const interfaceObject = argument(key, 'isInterfaceObject');
  return resolvable?.kind === Kind.BOOLEAN && !resolvable.value && !(interfaceObject?.kind === Kind.BOOLEAN && interfaceObject.value);
}

function graphOf(key: ConstDirectiveNode): string {
  const graph = argument(key, 'graph');
  return graph?.kind === Kind.ENUM ? graph.value : '';
}
