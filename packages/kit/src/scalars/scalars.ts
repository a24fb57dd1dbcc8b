import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import { formatDurationMs, parseDurationMs } from './duration.js';

/** In code a Date. Its serialised form is a string, so that in-process results survive the gateway's merging. */
export const DateTime = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'RFC 3339 instant in UTC with milliseconds.',
});

export const JsonScalar = new GraphQLScalarType({ ...GraphQLJSON.toConfig(), name: 'JSON', description: null });

function durationOf(value: unknown): number {
  if (typeof value !== 'string') throw new GraphQLError('Duration must be a string such as PT5M');
  try {
    return parseDurationMs(value);
  } catch (error) {
    throw new GraphQLError((error as RangeError).message);
  }
}

function textOf(what: string, ast: ValueNode): string {
  if (ast.kind !== Kind.STRING) throw new GraphQLError(`${what} must be a string`);
  return ast.value;
}

/** In code whole milliseconds. */
export const Duration = new GraphQLScalarType<number, string>({
  name: 'Duration',
  description: 'ISO 8601 duration, for example PT5M.',
  serialize: (value) => formatDurationMs(Number(value)),
  parseValue: durationOf,
  parseLiteral: (ast) => durationOf(textOf('Duration', ast)),
});

export const Cursor = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  description: 'An opaque, signed place in commit order; pass it back as `after` to continue without loss or repetition.',
  serialize: String,
  parseValue: (value) => {
    if (typeof value !== 'string') throw new GraphQLError('Cursor must be a string');
    return value;
  },
  parseLiteral: (ast) => textOf('Cursor', ast),
});

/** Output only: an array is handed on as it is, without a visit per value. */
export const NumberList = new GraphQLScalarType({
  name: 'NumberList',
  description: 'A JSON array of numbers and nulls, serialised in one pass.',
  serialize: (value) => value,
});
