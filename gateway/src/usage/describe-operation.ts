import { createHash } from 'node:crypto';
import type { ReportedOperation } from '@pulsegraph/contracts';
import { coordinatesOf, withoutLiterals } from '@pulsegraph/kit/graphql';
import { Kind, getOperationAST, parse, separateOperations, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Turns what clients sent into what may be told of it; once per text and schema. */
export class OperationDescriber {
  private readonly known = new LRUCache<string, ReportedOperation>({ max: 10_000 });
  private schema: GraphQLSchema | undefined;

  describe(schema: GraphQLSchema, text: string, operationName: string | undefined): ReportedOperation {
    if (this.schema !== schema) {
      this.known.clear();
      this.schema = schema;
    }
    const key = `${operationName ?? ''}\n${text}`;
    let described = this.known.get(key);
    if (!described) this.known.set(key, (described = describe(schema, text, operationName)));
    return described;
  }
}

function describe(schema: GraphQLSchema, text: string, operationName: string | undefined): ReportedOperation {
  const whole = parse(text, { noLocation: true });
  const count = whole.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length;
  // Of several operations only the one that ran, with its fragments.
  const own = count > 1 && operationName ? (separateOperations(whole)[operationName] ?? whole) : whole;
  const document = withoutLiterals(schema, own);
  return {
    signature: createHash('sha256').update(document).digest('hex'),
    name: getOperationAST(own, operationName)?.name?.value.slice(0, 200) ?? 'anonymous',
    document,
    coordinates: coordinatesOf(schema, own),
  };
}
