import { buildOperationContext } from '@apollo/gateway';
import { operationFromDocument } from '@apollo/federation-internals';
import { DomainError } from '@pulsegraph/kit/errors';
import {
  GraphQLError,
  Kind,
  getOperationAST,
  parse,
  validate,
  valueFromASTUntyped,
  type DocumentNode,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { compileCost } from '../limits/cost.js';
import { checkDocumentLimits } from '../limits/document-limits.js';
import type { GatewayLimits } from '../limits/limits.js';
import { planCacheHits, planSeconds } from '../metrics.js';
import type { Generation } from '../supergraph/generation.js';
import { compileShapes } from './response-shape.js';
import type { PlannedPart, PreparedOperation } from './prepared-operation.js';
import { nameSafely } from './safe-names.js';
import { selectsPatients } from './selects-patients.js';
import { splitRequirements } from './split-requirements.js';

/** A document that will never run: its errors are the answer, and are kept as a prepared operation would be. */
export class RefusedOperation extends Error {
  override readonly name = 'RefusedOperation';
  constructor(readonly errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'The operation was refused.');
  }
}

const KEPT_CHARACTERS = 32 << 20;
const KEPT_OPERATIONS = 5_000;

/** Parses, validates, measures and plans each text once per generation; bounded by count and by size of text. */
export class OperationStore {
  private readonly known = new LRUCache<string, PreparedOperation | RefusedOperation>({
    max: KEPT_OPERATIONS,
    maxSize: KEPT_CHARACTERS,
    // A plan is some times larger than its text.
    sizeCalculation: (_value, key) => key.length * 4 + 500,
  });

  constructor(
    readonly generation: Generation,
    private readonly limits: GatewayLimits,
  ) {}

  /** @throws RefusedOperation with GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT or OPERATION_TOO_COSTLY. */
  prepare(text: string, operationName?: string | null): PreparedOperation {
    const key = operationName ? `${operationName}\n${text}` : text;
    const known = this.known.get(key);
    if (known) {
      planCacheHits.inc({ result: 'hit' });
      if (known instanceof RefusedOperation) throw known;
      return known;
    }
    planCacheHits.inc({ result: 'miss' });
    const stop = planSeconds.startTimer();
    try {
      const prepared = this.build(text, operationName ?? undefined);
      this.known.set(key, prepared);
      return prepared;
    } catch (error) {
      const refused = error instanceof RefusedOperation ? error : new RefusedOperation([asGraphQLError(error)]);
      this.known.set(key, refused);
      throw refused;
    } finally {
      stop();
    }
  }

  get size(): number {
    return this.known.size;
  }

  private build(text: string, operationName: string | undefined): PreparedOperation {
    const { generation, limits } = this;
    const document = parseWithin(text, limits.tokens);
    const faults = validateSafely(generation, document);
    if (faults.length > 0) throw new RefusedOperation(faults.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    const operation = chooseOperation(document, operationName);
    checkDocumentLimits(document, operation, limits);
    const named = nameSafely(document, generation.schema, generation.fieldSets);
    const safe = { document: named.document, operation: getOperationAST(named.document, operationName)! };
    const introspects = /\b__(schema|type)\b/.test(text) && selectsIntrospection(operation);
    const parts = introspects ? [operation] : splitRequirements(safe.document, safe.operation, generation.schema, generation.fieldSets);
    const planned = parts.map((part) => {
      // Introspection is answered from the schema, under the client's own names.
      if (introspects) return this.plan(document, operationName, null);
      return this.plan(part === safe.operation ? safe.document : alone(part), operationName, named.clientNames);
    });
    const [first] = planned;
    if (operation.operation === 'subscription' && !first!.live) {
      throw withCode(new GraphQLError('A subscription needs a field beside __typename.'), 'GRAPHQL_VALIDATION_FAILED');
    }
    if (operation.operation !== 'subscription' && !first!.part.plan.node) refuseUnresolvable(operation);
    return {
      generation,
      text,
      operationName,
      document,
      operation,
      kind: operation.operation,
      name: operation.name?.value ?? 'anonymous',
      introspects,
      showsPatients: operation.operation === 'subscription' && selectsPatients(generation.schema, document),
      parts: planned.map(({ part }) => part),
      live: first!.live,
      clientNames: introspects ? null : named.clientNames,
      defaults: defaultsOf(operation),
      cost: compileCost(generation.supergraphSchema, document, operation),
    };
  }

  private plan(document: DocumentNode, operationName: string | undefined, clientNames: ReadonlyMap<string, string> | null) {
    const { apiSchema, planner, schema } = this.generation;
    const { node } = planner.buildQueryPlan(operationFromDocument(apiSchema, document, { operationName }));
    const context = buildOperationContext({ schema, operationDocument: document, operationName });
    const part: PlannedPart = {
      plan: { kind: 'QueryPlan', ...(node && node.kind !== 'Subscription' && { node }) },
      context,
      shapes: compileShapes(schema, document, context.operation, clientNames),
    };
    return { part, live: node?.kind === 'Subscription' ? { primary: node.primary, rest: node.rest } : null };
  }
}

const alone = (operation: OperationDefinitionNode): DocumentNode => ({ kind: Kind.DOCUMENT, definitions: [operation] });

function selectsIntrospection(operation: OperationDefinitionNode): boolean {
  // Through a fragment too: then it is worth no closer look.
  return operation.selectionSet.selections.some((s) => s.kind !== Kind.FIELD || s.name.value === '__schema' || s.name.value === '__type');
}

/** An empty plan is right for `__typename` and for what is left out; for anything else it says that no subgraph has it. */
function refuseUnresolvable({ selectionSet }: OperationDefinitionNode): void {
  const field = selectionSet.selections.find((s) => s.kind === Kind.FIELD && !s.name.value.startsWith('__') && !s.directives?.length);
  if (field?.kind === Kind.FIELD)
    throw withCode(
      new GraphQLError(`No subgraph can resolve "${field.name.value}" as it is selected here.`, { nodes: field }),
      'GRAPHQL_VALIDATION_FAILED',
    );
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> | null {
  const withValue = variableDefinitions.filter(({ defaultValue }) => defaultValue);
  if (withValue.length === 0) return null;
  return Object.fromEntries(withValue.map(({ variable, defaultValue }) => [variable.name.value, valueFromASTUntyped(defaultValue!)]));
}

function parseWithin(text: string, maxTokens: number): DocumentNode {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    throw withCode(error instanceof GraphQLError ? error : new GraphQLError(String(error)), 'GRAPHQL_PARSE_FAILED', { maxTokens });
  }
}

/** graphql-js throws on some subscriptions with `@include` on a variable instead of reporting. */
function validateSafely({ schema }: Generation, document: DocumentNode): readonly GraphQLError[] {
  try {
    return validate(schema, document, undefined, { maxErrors: 20 });
  } catch (error) {
    return [asGraphQLError(error)];
  }
}

function chooseOperation(document: DocumentNode, operationName: string | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, operationName);
  if (operation) return operation;
  const message = operationName
    ? `The document has no operation named "${operationName}".`
    : 'Name the operation to run: the document has several or none.';
  throw new DomainError('BAD_USER_INPUT', message, { path: 'operationName' });
}

function withCode(error: GraphQLError, code: string, { maxTokens }: { maxTokens?: number } = {}): GraphQLError {
  const tooLong = maxTokens !== undefined && /more tha[nt] \d+ tokens/.test(error.message);
  return new GraphQLError(error.message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    extensions: { code, ...(tooLong && { limit: 'tokens', allowed: maxTokens }) },
  });
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof DomainError)
    return new GraphQLError(error.message, { originalError: error, extensions: { code: error.code, ...error.details } });
  if (!(error instanceof GraphQLError)) return asGraphQLError(new GraphQLError(error instanceof Error ? error.message : String(error)));
  // Apollo's planner has codes of its own for documents that it does not accept.
  return String(error.extensions.code).startsWith('GRAPHQL_') ? error : withCode(error, 'GRAPHQL_VALIDATION_FAILED');
}
