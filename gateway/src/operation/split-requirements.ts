import {
  Kind,
  TypeInfo,
  isAbstractType,
  isObjectType,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { FieldSets } from '../supergraph/field-sets.js';

/**
 * Two fields may require the same field with different arguments. One representation of an entity can carry only one of
 * the two values, so such an operation is run in parts: one with all fields but the ones in conflict, and one more for
 * each of these. @returns the parts; one when nothing is in conflict, which is nearly always.
 */
export function splitRequirements(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  schema: GraphQLSchema,
  { requiredArguments }: FieldSets,
): OperationDefinitionNode[] {
  // A mutation must not run twice, and a subscription has one stream.
  if (requiredArguments.size < 2 || operation.operation !== 'query') return [operation];
  const whole = inline(document, operation);
  const groups: Set<string>[] = [];
  const taken: Map<string, string>[] = [];
  forEachField(whole, schema, (coordinates) => {
    for (const coordinate of coordinates) {
      const required = requiredArguments.get(coordinate);
      if (!required || groups.some((group) => group.has(coordinate))) continue;
      const type = coordinate.split('.')[0]!;
      let place = taken.findIndex((known) => [...required].every(([path, given]) => (known.get(`${type}.${path}`) ?? given) === given));
      if (place === -1) place = taken.push(new Map()) - 1;
      (groups[place] ??= new Set()).add(coordinate);
      for (const [path, given] of required) taken[place]!.set(`${type}.${path}`, given);
    }
  });
  if (groups.length < 2) return [operation];
  const later = new Set(groups.slice(1).flatMap((group) => [...group]));
  const first = prune(whole, schema, (coordinates) => !coordinates.some((coordinate) => later.has(coordinate)), false);
  const others = groups
    .slice(1)
    .map((group) => prune(whole, schema, (coordinates) => coordinates.some((coordinate) => group.has(coordinate)), true));
  return [first, ...others].filter((part) => part !== null);
}

function forEachField(operation: OperationDefinitionNode, schema: GraphQLSchema, look: (coordinates: string[]) => void): void {
  const info = new TypeInfo(schema);
  visit(operation, visitWithTypeInfo(info, { Field: ({ name }) => look(coordinatesOf(info, schema, name.value)) }));
}

/** Of a field selected on an abstract type: that of every type it may turn out to be. */
function coordinatesOf(info: TypeInfo, schema: GraphQLSchema, field: string): string[] {
  const parent = info.getParentType();
  if (!parent) return [];
  const types = isAbstractType(parent) ? schema.getPossibleTypes(parent) : isObjectType(parent) ? [parent] : [];
  return types.map((type) => `${type.name}.${field}`);
}

/** @param onlyThese Drops every leaf that `keep` does not name, and keeps what leads to those that it does. */
function prune(
  operation: OperationDefinitionNode,
  schema: GraphQLSchema,
  keep: (coordinates: string[]) => boolean,
  onlyThese: boolean,
): OperationDefinitionNode | null {
  const info = new TypeInfo(schema);
  const kept = new Set<SelectionNode>();
  const pruned = visit(
    operation,
    visitWithTypeInfo(info, {
      Field: {
        enter(node) {
          const wanted = keep(coordinatesOf(info, schema, node.name.value));
          if (onlyThese && wanted) kept.add(node);
          if (!onlyThese && !wanted) return null;
          return undefined;
        },
        leave(node, _key, _parent, _path, ancestors) {
          if (!onlyThese) return node.selectionSet?.selections.length === 0 ? null : undefined;
          const inside = ancestors.some((ancestor) => !Array.isArray(ancestor) && kept.has(ancestor as SelectionNode));
          const wanted = inside || keep(coordinatesOf(info, schema, node.name.value));
          return wanted || (node.selectionSet && node.selectionSet.selections.length > 0) ? undefined : null;
        },
      },
      InlineFragment: { leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined) },
    }),
  );
  return pruned.selectionSet.selections.length === 0 ? null : pruned;
}

function inline(document: DocumentNode, operation: OperationDefinitionNode): OperationDefinitionNode {
  const fragments = new Map(
    document.definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]),
  );
  const inlined = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value)!;
        return {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: fragment.typeCondition,
          directives: selection.directives,
          selectionSet: inlined(fragment.selectionSet),
        };
      }
      return selection.selectionSet ? { ...selection, selectionSet: inlined(selection.selectionSet) } : selection;
    }),
  });
  return { ...operation, selectionSet: inlined(operation.selectionSet) };
}
