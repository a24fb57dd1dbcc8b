import {
  Kind,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

export type CostFunction = (variables: Record<string, unknown>) => number;

/** A list of which nothing is declared: enough that nesting them is noticed. */
const ASSUMED_LIST_SIZE = 10;
const MUTATION_COST = 10;

type Size = (variables: Record<string, unknown>) => number;
const one: Size = () => 1;

interface ListSize {
  assumedSize?: number;
  slicingArguments?: string[];
  sizedFields?: string[];
}

/**
 * Static cost of an operation as the `@cost`/`@listSize` specification has it: an object counts 1 unless `@cost` says
 * otherwise, a list multiplies what is in it by its size. Where no `@listSize` is declared, `first` or `last` is the
 * size of a connection's `nodes` and `edges`. The returned function needs only the variables.
 */
export function compileCost(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): CostFunction {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const defaults: Record<string, unknown> = {};
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue) defaults[variable.name.value] = constant(defaultValue);
  }

  // A fragment is compiled once however often it is spread; the sizes its parent declares make it different again.
  const compiled = new Map<string, CostFunction>();

  function ofSelections(set: SelectionSetNode, type: GraphQLNamedType, sized: Map<string, Size>): CostFunction {
    const parts: CostFunction[] = [];
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const part = ofField(selection, type, sized);
        if (part) parts.push(part);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
        if (condition) parts.push(ofSelections(selection.selectionSet, condition, sized));
      } else {
        const fragment = fragments.get(selection.name.value)!;
        const condition = schema.getType(fragment.typeCondition.name.value);
        if (!condition) continue;
        const key = sized.size === 0 ? fragment.name.value : null;
        let part = key === null ? undefined : compiled.get(key);
        part ??= ofSelections(fragment.selectionSet, condition, sized);
        if (key !== null) compiled.set(key, part);
        parts.push(part);
      }
    }
    if (parts.length === 1) return parts[0]!;
    return (variables) => {
      let total = 0;
      for (const part of parts) total += part(variables);
      return total;
    };
  }

  function ofField(node: FieldNode, parent: GraphQLNamedType, sized: Map<string, Size>): CostFunction | undefined {
    if (!isObjectType(parent) && !isInterfaceType(parent)) return undefined;
    const field = parent.getFields()[node.name.value];
    if (!field) return undefined;
    const type = getNamedType(field.type);
    const listed = listDepth(field.type);
    const declared = declaredListSize(field);
    const own = weightOf(field, type) + (parent === schema.getMutationType() ? MUTATION_COST : 0);
    const slice = sliceOf(node, field, declared);
    const sizedElsewhere = (declared?.sizedFields?.length ?? 0) > 0;
    let size: Size = one;
    if (listed > 0) {
      size = sized.get(node.name.value) ?? (sizedElsewhere ? undefined : slice) ?? (() => declared?.assumedSize ?? ASSUMED_LIST_SIZE);
    }
    const inner = new Map<string, Size>();
    if (listed === 0 && slice) for (const name of declared?.sizedFields ?? ['nodes', 'edges']) inner.set(name, slice);
    const children = node.selectionSet && isCompositeType(type) ? ofSelections(node.selectionSet, type, inner) : undefined;
    if (own === 0 && !children) return undefined;
    return (variables) => {
      const times = size(variables);
      return times * (own + (children ? children(variables) : 0));
    };
  }

  function sliceOf(node: FieldNode, field: GraphQLField<unknown, unknown>, declared: ListSize | undefined): Size | undefined {
    const names = declared?.slicingArguments ?? field.args.map(({ name }) => name).filter((name) => name === 'first' || name === 'last');
    if (names.length === 0) return declared?.assumedSize === undefined ? undefined : () => declared.assumedSize!;
    const values = names.map((name): ((variables: Record<string, unknown>) => unknown) => {
      const given = node.arguments?.find((argument) => argument.name.value === name)?.value;
      const fallback = field.args.find((argument) => argument.name === name)?.defaultValue;
      if (!given) return () => fallback;
      if (given.kind !== Kind.VARIABLE) return () => constant(given);
      const variable = given.name.value;
      return (variables) => variables[variable] ?? defaults[variable] ?? fallback;
    });
    return (variables) => {
      let size = -1;
      for (const value of values) {
        const number = value(variables);
        if (typeof number === 'number') size = Math.max(size, number);
      }
      return size >= 0 ? size : (declared?.assumedSize ?? ASSUMED_LIST_SIZE);
    };
  }

  const root =
    operation.operation === 'query'
      ? schema.getQueryType()
      : operation.operation === 'mutation'
        ? schema.getMutationType()
        : schema.getSubscriptionType();
  return root ? ofSelections(operation.selectionSet, root, new Map()) : () => 0;
}

function listDepth(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return listDepth(type.ofType);
  return isListType(type) ? 1 + listDepth(type.ofType) : 0;
}

function weightOf(field: GraphQLField<unknown, unknown>, type: GraphQLNamedType): number {
  const declared = directive(field.astNode?.directives, 'cost') ?? directive(type.astNode?.directives, 'cost');
  const weight = declared && argumentsOf(declared).weight;
  if (typeof weight === 'number') return weight;
  return isCompositeType(type) ? 1 : 0;
}

function declaredListSize(field: GraphQLField<unknown, unknown>): ListSize | undefined {
  const declared = directive(field.astNode?.directives, 'listSize');
  return declared ? argumentsOf(declared) : undefined;
}

function directive(directives: readonly ConstDirectiveNode[] | undefined, name: string): ConstDirectiveNode | undefined {
  return directives?.find((candidate) => candidate.name.value === name || candidate.name.value.endsWith(`__${name}`));
}

function argumentsOf(node: ConstDirectiveNode): Record<string, never> {
  return Object.fromEntries((node.arguments ?? []).map(({ name, value }) => [name.value, constant(value)])) as Record<string, never>;
}

function constant(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map(constant);
    case Kind.STRING:
    case Kind.ENUM:
    case Kind.BOOLEAN:
      return node.value;
    default:
      return null;
  }
}
