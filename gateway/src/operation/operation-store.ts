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
import type { PreparedOperation } from './prepared-operation.js';

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
    const apolloOperation = operationFromDocument(generation.apiSchema, document, { operationName });
    const { node } = generation.planner.buildQueryPlan(apolloOperation);
    if (operation.operation === 'subscription' && node?.kind !== 'Subscription') {
      throw withCode(new GraphQLError('A subscription needs a field beside __typename.'), 'GRAPHQL_VALIDATION_FAILED');
    }
    return {
      generation,
      text,
      document,
      operation,
      kind: operation.operation,
      name: operation.name?.value ?? 'anonymous',
      context: buildOperationContext({ schema: generation.schema, operationDocument: document, operationName }),
      introspects:
        operation.selectionSet.selections.some((s) => s.kind !== Kind.FIELD || /^__(schema|type)$/.test(s.name.value)) &&
        /__(schema|type)\b/.test(text),
      plan: { kind: 'QueryPlan', ...(node && node.kind !== 'Subscription' && { node }) },
      live: node?.kind === 'Subscription' ? { primary: node.primary, rest: node.rest } : null,
      shapes: compileShapes(generation.schema, document, operation),
      defaults: defaultsOf(operation),
      cost: compileCost(generation.supergraphSchema, document, operation),
    };
  }
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
