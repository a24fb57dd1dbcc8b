import {
  GraphQLError,
  Kind,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

type Data = Record<string, unknown>;

export interface Shaped {
  data: Data | null;
  /** Promises of the schema that the subgraphs did not keep. */
  errors: GraphQLError[];
}
export type Shape = (input: Data) => Shaped;

interface Fault {
  message: string;
  /** From the inside out while unwinding: errors are rare, and a path kept on the way down is not free. */
  path: (string | number)[];
}
/** A value, null, or BUBBLE: the null of a promised value, which its parent has to take. */
type Complete = (value: unknown, faults: Fault[]) => unknown;
const BUBBLE = Symbol('bubble');

/**
 * Cuts what subgraphs have sent down to what the client asked for, by the rules of GraphQL: aliases, fragments, `@skip`
 * and `@include`, and null where a promise is broken. Compiled once per operation and combination of conditions, because
 * interpreting the operation for each answer was a quarter of the gateway's work.
 * @param clientNames What fields are called in the answer, where that is not what they are called in the document.
 * @returns null for an operation that has to go the slow way: introspection, and names that JavaScript objects reserve.
 */
export function compileShapes(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  clientNames: ReadonlyMap<string, string> | null = null,
): ((variables: Data) => Shape) | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const root = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() }[
    operation.operation
  ];
  const survey = surveyOf([operation.selectionSet, ...[...fragments.values()].map(({ selectionSet }) => selectionSet)]);
  if (!root || survey.slow) return null;
  const conditions = [...survey.conditions];
  const compiled = new Map<string, Shape>();
  return (variables) => {
    const key = conditions.length === 0 ? '' : conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
    let shape = compiled.get(key);
    if (!shape) compiled.set(key, (shape = new Compiler(schema, fragments, clientNames, variables).shape(root, operation.selectionSet)));
    return shape;
  };
}

/** Variables in conditions, and whether anything needs the slow way. */
function surveyOf(sets: readonly SelectionSetNode[]): { conditions: Set<string>; slow: boolean } {
  const conditions = new Set<string>();
  let slow = false;
  const walk = (set: SelectionSetNode) => {
    for (const selection of set.selections) {
      for (const { name, arguments: args } of selection.directives ?? []) {
        if (name.value !== 'skip' && name.value !== 'include') continue;
        const value = args?.[0]?.value;
        if (value?.kind === Kind.VARIABLE) conditions.add(value.name.value);
      }
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value === '__schema' || selection.name.value === '__type' || selection.alias?.value === '__proto__') slow = true;
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet) walk(selection.selectionSet);
    }
  };
  sets.forEach(walk);
  // Each combination is compiled for itself; an operation with very many conditions is not worth it.
  return { conditions, slow: slow || conditions.size > 6 };
}

interface FieldPlan {
  /** In what subgraphs have sent. */
  key: string;
  /** In the answer. */
  name: string;
  /** Inherited by every object: `toString` is not data. */
  inherited: boolean;
  /** For `__typename`. */
  typeName: string | null;
  complete: Complete;
}

class Compiler {
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    private readonly clientNames: ReadonlyMap<string, string> | null,
    private readonly variables: Data,
  ) {}

  shape(root: GraphQLCompositeType, set: SelectionSetNode): Shape {
    const complete = this.object(root, [set]);
    return (input) => {
      const faults: Fault[] = [];
      const data = complete(input, faults);
      const errors = faults.map(({ message, path }) => new GraphQLError(message, { path: path.reverse() }));
      return { data: data as Data | null, errors };
    };
  }

  private object(type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): Complete {
    const plans = new Map<string, readonly FieldPlan[] | null>();
    const plansFor = (typeName: string) => {
      let fields = plans.get(typeName);
      if (fields === undefined) plans.set(typeName, (fields = this.fields(typeName, sets)));
      return fields;
    };
    return (value, faults) => {
      if (value === null || value === undefined) return null;
      if (typeof value !== 'object') return fault(faults, `Invalid value for an object of type ${type.name}.`);
      const input = value as Data;
      const typeName = typeof input.__typename === 'string' ? input.__typename : type.name;
      const fields = plansFor(typeName);
      if (fields === null) return fault(faults, `Invalid __typename found for object of type ${type.name}.`);
      const output: Data = {};
      for (const { key, name, inherited, typeName: own, complete } of fields) {
        if (own !== null) {
          output[name] = own;
          continue;
        }
        const given = inherited && !Object.hasOwn(input, key) ? null : input[key];
        const before = faults.length;
        const completed = complete(given, faults);
        for (let index = before; index < faults.length; index += 1) faults[index]!.path.push(name);
        if (completed === BUBBLE) return null;
        output[name] = completed;
      }
      return output;
    };
  }

  /** The fields of one run-time type; null for a type that clients do not know. */
  private fields(typeName: string, sets: readonly SelectionSetNode[]): readonly FieldPlan[] | null {
    const type = this.schema.getType(typeName);
    if (!type || !isCompositeType(type)) return null;
    const nodes = new Map<string, FieldNode[]>();
    for (const set of sets) this.collect(set, type, nodes);
    const plans: FieldPlan[] = [];
    for (const [key, same] of nodes) {
      const name = this.clientNames?.get(key) ?? key;
      const inherited = key in Object.prototype;
      const field = same[0]!.name.value;
      if (field === '__typename') {
        // An interface object has a name only its own subgraph knows; nobody can say what it really is.
        plans.push({ key, name, inherited, typeName: isObjectType(type) ? type.name : null, complete: () => BUBBLE });
        continue;
      }
      const definition = 'getFields' in type ? type.getFields()[field] : undefined;
      if (!definition) continue;
      const children = same.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []));
      plans.push({ key, name, inherited, typeName: null, complete: this.value(definition.type, children, `field ${type.name}.${field}`) });
    }
    return plans;
  }

  private collect(set: SelectionSetNode, type: GraphQLCompositeType, nodes: Map<string, FieldNode[]>): void {
    for (const selection of set.selections) {
      if (!this.included(selection.directives)) continue;
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const same = nodes.get(name);
        if (same) same.push(selection);
        else nodes.set(name, [selection]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.fragments.get(selection.name.value)!;
      if (this.applies(fragment.typeCondition?.name.value, type)) this.collect(fragment.selectionSet, type, nodes);
    }
  }

  private applies(condition: string | undefined, type: GraphQLCompositeType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const wanted = this.schema.getType(condition);
    return isAbstractType(wanted) && (isObjectType(type) || 'getInterfaces' in type) && this.schema.isSubType(wanted, type as never);
  }

  private included(directives: readonly DirectiveNode[] | undefined): boolean {
    for (const { name, arguments: args } of directives ?? []) {
      const value = args?.[0]?.value;
      if (name.value !== 'skip' && name.value !== 'include') continue;
      const given = value?.kind === Kind.VARIABLE ? this.variables[value.name.value] === true : value?.kind === Kind.BOOLEAN && value.value;
      if (given === (name.value === 'skip')) return false;
    }
    return true;
  }

  private value(type: GraphQLOutputType, sets: readonly SelectionSetNode[], place: string): Complete {
    if (isNonNullType(type)) {
      const inner = this.value(type.ofType, sets, place);
      const message = `Cannot return null for non-nullable ${place}.`;
      return (value, faults) => {
        const before = faults.length;
        const completed = inner(value, faults);
        if (completed !== null) return completed;
        if (faults.length === before) faults.push({ message, path: [] });
        return BUBBLE;
      };
    }
    if (isListType(type)) return this.list(this.value(type.ofType, sets, place), place);
    if (isCompositeType(type)) return this.object(type, sets);
    const valid = leafCheck(type);
    return (value, faults) => {
      if (value === null || value === undefined) return null;
      return valid(value) ? value : fault(faults, `Invalid value found for ${place}.`);
    };
  }

  private list(element: Complete, place: string): Complete {
    return (value, faults) => {
      if (value === null || value === undefined) return null;
      if (!Array.isArray(value)) return fault(faults, `Invalid value found for ${place}: not a list.`);
      const output = new Array<unknown>(value.length);
      let bubble = false;
      for (let index = 0; index < value.length; index += 1) {
        const before = faults.length;
        const completed = element(value[index], faults);
        for (let at = before; at < faults.length; at += 1) faults[at]!.path.push(index);
        if (completed === BUBBLE) bubble = true;
        output[index] = completed;
      }
      return bubble ? null : output;
    };
  }
}

function fault(faults: Fault[], message: string): null {
  faults.push({ message, path: [] });
  return null;
}

const always = () => true;

/** What a subgraph may send for a leaf: JSON, as it will stand in the answer. */
function leafCheck(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) {
    const names = new Set(type.getValues().map(({ name }) => name));
    return (value) => typeof value === 'string' && names.has(value);
  }
  if (!isSpecifiedScalarType(type)) return always;
  switch (type.name) {
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    case 'Int':
      return (value) => Number.isInteger(value);
    case 'Float':
      return (value) => Number.isFinite(value);
    case 'ID':
      return (value) => typeof value === 'string' || Number.isInteger(value);
    default:
      return (value) => typeof value === 'string';
  }
}
