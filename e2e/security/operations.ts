import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
} from 'graphql';
import { ROOT } from '../stack/process.js';

/** Ids of one organization, by the noun that an argument or its field names. */
export type Ids = Readonly<Record<string, string>>;

export interface WalkedOperation {
  kind: 'query' | 'mutation' | 'subscription';
  field: string;
  text: string;
  variables: Record<string, unknown>;
  /** Whether an id of the organization is among its variables. */
  named: boolean;
  /** Paths of string arguments, for probes. */
  strings: string[];
}

const SCALARS: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, Duration: 'PT1M', JSON: {}, Role: 'VIEWER' };
const DEPTH = 3;

/** One operation for every field of Query, Mutation and Subscription of the committed schema, with these ids as arguments. */
export function everyOperation(ids: Ids): WalkedOperation[] {
  const schema = buildSchema(readFileSync(join(ROOT, 'schema', 'api.graphql'), 'utf8'));
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() };
  return Object.entries(roots).flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).map((field) => operationOf(kind as WalkedOperation['kind'], field, ids)),
  );
}

function operationOf(kind: WalkedOperation['kind'], field: GraphQLField<unknown, unknown>, ids: Ids): WalkedOperation {
  const used = new Set<string>();
  const strings: string[] = [];
  const value = (type: GraphQLInputType, name: string, path: string, depth: number): unknown => {
    if (isNonNullType(type)) return value(type.ofType as GraphQLInputType, name, path, depth);
    if (isListType(type)) return [value(type.ofType as GraphQLInputType, name, path, depth)];
    if (isEnumType(type)) return type.getValues()[0]!.name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((each) => isNonNullType(each.type) || (depth === 0 && /id/i.test(each.name)));
      return Object.fromEntries(fields.map((each) => [each.name, value(each.type, each.name, `${path}.${each.name}`, depth + 1)]));
    }
    const { name: scalar } = getNamedType(type);
    if (scalar === 'ID') {
      const noun =
        Object.keys(ids).find((each) => name.toLowerCase().includes(each)) ??
        Object.keys(ids).find((each) => field.name.toLowerCase().includes(each));
      const id = ids[noun ?? 'device']!;
      used.add(id);
      return id;
    }
    if (scalar === 'DateTime') return new Date().toISOString();
    if (scalar === 'String') strings.push(path);
    return SCALARS[scalar] ?? 'walked';
  };
  const args = field.args.filter((each) => isRequiredArgument(each) || /id|filter|input/i.test(each.name));
  const variables = Object.fromEntries(args.map((each) => [each.name, value(each.type, each.name, each.name, 0)]));
  const declared = args.map((each) => `$${each.name}: ${String(each.type)}`).join(', ');
  const passed = args.map((each) => `${each.name}: $${each.name}`).join(', ');
  const text = `${kind} Walk${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`} ${selectionOf(field.type, DEPTH)} }`;
  return { kind, field: field.name, text, variables, named: used.size > 0, strings };
}

/** Every leaf within reach that asks for no argument. */
function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const parts = Object.values(named.getFields()).flatMap((field) => {
    if (field.args.some(isRequiredArgument)) return [];
    if (isLeafType(getNamedType(field.type))) return [field.name];
    return depth > 1 ? [`${field.name} ${selectionOf(field.type, depth - 1)}`] : [];
  });
  return `{ __typename ${parts.join(' ')} }`;
}
