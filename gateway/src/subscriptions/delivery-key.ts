import {
  Kind,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  type FieldNode,
  type GraphQLObjectType,
  type SelectionNode,
} from 'graphql';

/** The gateway's own names in the first fetch: it must not depend on what the client selected. */
const KEYS = 'pulsegraph__keys';
const keyAlias = (index: number) => `pulsegraph__k${index}`;

type Data = Record<string, unknown>;

/** What `@delivery(key:)` tells apart, asked for under names of our own. */
export interface DeliveryKey {
  /** The list whose elements have keys; null where the event as a whole has one. */
  readonly list: string | null;
  /** The selections of the payload, with the key fields among them. */
  readonly selections: readonly SelectionNode[];
  /** One key per element or event, from the payload of an event. */
  keysOf(payload: Data): readonly string[];
}

/**
 * `readings.deviceId readings.metric` on a list, `device.id` on an object, or `deviceId` on the payload itself.
 * @throws for a key that names nothing of the payload: the supergraph is then refused for this operation.
 */
export function deliveryKey(key: string | null, payload: GraphQLObjectType, selections: readonly SelectionNode[]): DeliveryKey {
  if (!key?.trim()) return { list: null, selections, keysOf: () => [''] };
  const paths = key
    .trim()
    .split(/\s+/)
    .map((path) => path.split('.'));
  const parent = paths[0]!.length === 2 ? paths[0]![0]! : null;
  if (paths.some((path) => path.length !== (parent === null ? 1 : 2) || (parent !== null && path[0] !== parent))) throw badKey(key);
  const fields = paths.map((path) => path.at(-1)!);
  const holder = parent === null ? payload : payload.getFields()[parent];
  const holderType = holder && ('type' in holder ? getNamedType(holder.type) : holder);
  if (!isObjectType(holderType) || fields.some((field) => !(field in holderType.getFields()))) throw badKey(key);
  const leaves = fields.map((name, index) => fieldNode(name, keyAlias(index)));
  const aliases = leaves.map(({ alias }) => alias!.value);
  if (parent === null) return { list: null, selections: [...selections, ...leaves], keysOf: (data) => [keyText(data, aliases)] };

  const { name, selections: withKeys } = addTo(parent, selections, leaves);
  const isList = isListType(getNullableType(payload.getFields()[parent]!.type));
  return {
    list: isList ? parent : null,
    selections: withKeys,
    keysOf: (data) => {
      const held = data[name];
      if (!isList) return [keyText(held as Data | null, aliases)];
      return Array.isArray(held) ? held.map((element: unknown) => keyText(element as Data | null, aliases)) : [];
    },
  };
}

/** The client's own selection carries the keys where it can; a second selection would be resolved twice. */
function addTo(
  parent: string,
  selections: readonly SelectionNode[],
  leaves: readonly FieldNode[],
): { name: string; selections: SelectionNode[] } {
  const place = selections.findIndex(
    (s) => s.kind === Kind.FIELD && s.name.value === parent && !s.directives?.length && !s.arguments?.length,
  );
  const own = selections[place];
  if (own?.kind === Kind.FIELD && own.selectionSet) {
    const selectionSet = { ...own.selectionSet, selections: [...own.selectionSet.selections, ...leaves] };
    return { name: own.alias?.value ?? parent, selections: selections.with(place, { ...own, selectionSet }) };
  }
  return {
    name: KEYS,
    selections: [...selections, { ...fieldNode(parent, KEYS), selectionSet: { kind: Kind.SELECTION_SET, selections: leaves } }],
  };
}

function keyText(data: Data | null, aliases: readonly string[]): string {
  if (aliases.length === 1) return String(data?.[aliases[0]!]);
  return aliases.map((alias) => String(data?.[alias])).join('\n');
}

function badKey(key: string): Error {
  return new Error(`@delivery(key: "${key}") must name fields of the payload, or fields of one object or list in it.`);
}

export const fieldNode = (name: string, alias: string): FieldNode => ({
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: name },
  alias: { kind: Kind.NAME, value: alias },
});
