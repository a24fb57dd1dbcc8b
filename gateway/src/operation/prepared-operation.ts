import type { buildOperationContext } from '@apollo/gateway';
import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';
import { Kind, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import type { compileShapes } from './response-shape.js';
import type { Generation } from '../supergraph/generation.js';

/** Something to fetch and to shape for itself. */
export interface PlannedPart {
  readonly plan: QueryPlan;
  readonly context: ReturnType<typeof buildOperationContext>;
  /** Null: shaped by Apollo's executor. */
  readonly shapes: ReturnType<typeof compileShapes>;
}

/** A document that was parsed, validated, measured and planned against one generation. Immutable; shared by all requests. */
export interface PreparedOperation {
  readonly generation: Generation;
  readonly text: string;
  /** Which operation of the text; undefined where it has only one. */
  readonly operationName: string | undefined;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** As the client named it, or `anonymous`: a metric label, bounded by the cache. */
  readonly name: string;
  readonly introspects: boolean;
  /** Selects a patient somewhere: who subscribes to it is on record before it begins. */
  readonly showsPatients: boolean;
  /** What is run for a query or mutation: nearly always one part. */
  readonly parts: readonly PlannedPart[];
  /** For subscriptions; `parts[0]` shapes their events. */
  readonly live: { readonly primary: FetchNode; readonly rest: PlanNode | undefined } | null;
  /** Names that the gateway gave to fields in place of the client's; null when none. */
  readonly clientNames: ReadonlyMap<string, string> | null;
  /** Values of variables that have one; null when none has. */
  readonly defaults: Record<string, unknown> | null;
  readonly cost: (variables: Record<string, unknown>) => number;
}

/** Each field at the top, as often as it stands there: a hundred aliases of one are a hundred attempts. */
export function rootFieldsOf({ document, operation }: PreparedOperation): string[] {
  const fieldsOf = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection.name.value];
      if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(selection.selectionSet);
      const fragment = document.definitions.find(
        (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
      );
      return fragment?.kind === Kind.FRAGMENT_DEFINITION ? fieldsOf(fragment.selectionSet) : [];
    });
  return fieldsOf(operation.selectionSet);
}
