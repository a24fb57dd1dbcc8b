import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  type GraphQLArgument,
  type GraphQLInputType,
} from 'graphql';

/** Scalars whose values say what was done and never who somebody is; all other values stay out. */
const TELLING = new Set(['ID', 'Boolean', 'Int', 'Float', 'DateTime', 'Duration']);
const IDS_ALONE = new Set(['ID']);
const MASK = '•';
const MAX_ITEMS = 20;

/**
 * What was asked for, without secrets and personal values: ids, enums, numbers and instants as they are, of every other
 * value only that it was given.
 * @param personal Names of input types in which ids alone may be told.
 */
export function maskedArguments(
  declared: readonly GraphQLArgument[],
  values: Readonly<Record<string, unknown>>,
  personal: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    declared
      .filter(({ name }) => values[name] !== undefined)
      .map(({ name, type }) => [name, masked(type, values[name], personal, TELLING)]),
  );
}

function masked(type: GraphQLInputType, value: unknown, personal: ReadonlySet<string>, telling: ReadonlySet<string>): unknown {
  if (value === null || value === undefined) return null;
  const inner = getNullableType(type);
  if (isListType(inner)) {
    const items = Array.isArray(value) ? (value as unknown[]) : [value];
    const shown = items.slice(0, MAX_ITEMS).map((item) => masked(inner.ofType, item, personal, telling));
    return items.length > MAX_ITEMS ? [...shown, `… ${items.length - MAX_ITEMS} more`] : shown;
  }
  if (isInputObjectType(inner)) {
    const within = personal.has(inner.name) ? IDS_ALONE : telling;
    const fields = inner.getFields();
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>)
        .filter(([name, given]) => given !== undefined && fields[name])
        .map(([name, given]) => [name, masked(fields[name]!.type, given, personal, within)]),
    );
  }
  const named = getNamedType(inner);
  const tells = telling.has(named.name) || (isEnumType(named) && telling === TELLING);
  return tells ? value : MASK;
}
