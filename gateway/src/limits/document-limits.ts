import { DomainError } from '@pulsegraph/kit/errors';
import { Kind, type DocumentNode, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import type { GatewayLimits } from './limits.js';

export type DocumentLimit = 'depth' | 'aliases' | 'rootFields' | 'directives';

interface Shape {
  depth: number;
  aliases: number;
  directives: number;
  fields: number;
}

/** Fragments count as often as they are spread; beyond this many fields counting stops, and the operation is refused. */
const COUNTED_FIELDS = 100_000;

/** @throws OPERATION_TOO_COSTLY with `limit`, `allowed` and `actual`. The document has passed validation, so it has no fragment cycles. */
export function checkDocumentLimits(document: DocumentNode, operation: OperationDefinitionNode, limits: GatewayLimits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  // One measurement per fragment, however often it is spread: a fragment bomb costs as much as its text.
  const measured = new Map<string, Shape>();
  const measure = (set: SelectionSetNode): Shape => {
    const shape: Shape = { depth: 0, aliases: 0, directives: 0, fields: 0 };
    for (const selection of set.selections) {
      shape.directives += selection.directives?.length ?? 0;
      let inner: Shape | undefined;
      let step = 0;
      if (selection.kind === Kind.FIELD) {
        shape.fields += 1;
        if (selection.alias) shape.aliases += 1;
        // Introspection is as deep as its standard query and bounded by the schema.
        if (!selection.name.value.startsWith('__')) step = 1;
        if (selection.selectionSet) inner = measure(selection.selectionSet);
        if (step === 0 && inner) inner = { ...inner, depth: 0 };
      } else if (selection.kind === Kind.INLINE_FRAGMENT) inner = measure(selection.selectionSet);
      else {
        const name = selection.name.value;
        inner = measured.get(name);
        if (!inner) {
          inner = measure(fragments.get(name)!.selectionSet);
          measured.set(name, inner);
        }
      }
      shape.depth = Math.max(shape.depth, step + (inner?.depth ?? 0));
      shape.aliases += inner?.aliases ?? 0;
      shape.directives += inner?.directives ?? 0;
      shape.fields += inner?.fields ?? 0;
    }
    return shape;
  };
  const shape = measure(operation.selectionSet);
  refuseOver('depth', shape.depth, limits.depth);
  refuseOver('aliases', shape.aliases, limits.aliases);
  refuseOver('directives', shape.directives, limits.directives);
  refuseOver('rootFields', countRootFields(operation.selectionSet, fragments), limits.rootFields);
  refuseOver('fields', shape.fields, COUNTED_FIELDS);
}

function countRootFields(set: SelectionSetNode, fragments: Map<string, FragmentDefinitionNode>): number {
  let count = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) count += 1;
    else {
      const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)!;
      count += countRootFields(inner.selectionSet, fragments);
    }
    if (count > COUNTED_FIELDS) break;
  }
  return count;
}

const WORDS: Record<DocumentLimit | 'fields' | 'cost', string> = {
  depth: 'levels of fields',
  aliases: 'aliases',
  rootFields: 'fields at the top',
  directives: 'directives',
  fields: 'fields',
  cost: 'points of cost',
};

export function refuseOver(limit: keyof typeof WORDS, actual: number, allowed: number): void {
  if (actual <= allowed) return;
  throw new DomainError('OPERATION_TOO_COSTLY', `The operation has ${actual} ${WORDS[limit]}; at most ${allowed} are allowed.`, {
    limit,
    allowed,
    actual,
  });
}
