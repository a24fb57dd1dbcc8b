import type { FetchNode, PlanNode } from '@apollo/query-planner';
import {
  Kind,
  OperationTypeNode,
  getNamedType,
  isObjectType,
  parse,
  print,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type TypeNode,
  type ValueNode,
} from 'graphql';
import type { PlannedPart, PreparedOperation } from '../operation/prepared-operation.js';
import type { DeliveryPolicy } from '../supergraph/declared.js';
import { deliveryKey, fieldNode } from './delivery-key.js';
import { selectsPersonal } from '../operation/personal.js';

/** The synthetic service that hands an event to executeQueryPlan in place of the first fetch. */
export const EVENT_SERVICE = 'pulsegraph:event';
/** The gateway's own names in the first fetch: it must not depend on what the client selected. */
const CURSOR = 'pulsegraph__cursor';
const AFTER = 'pulsegraph__after';
const NO_KEYS: readonly string[] = [''];

/** A subscription split into the one stream it needs of a subgraph, and what the gateway does with each event. */
export interface LivePlan {
  readonly prepared: PreparedOperation;
  /** The operation and its fragments in a canonical layout: what makes two clients' operations the same. */
  readonly documentKey: string;
  readonly service: string;
  /** Sent to the subgraph. */
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variableNames: readonly string[];
  /** Runs on each event: shaping, and the fetches of entities from other subgraphs. */
  readonly eventPart: PlannedPart;
  readonly delivery: DeliveryPolicy;
  /** Null where the field has no `@resume`. */
  readonly resume: { readonly given: ValueNode | undefined; readonly clientVariable: string | null } | null;
  /** The root field's name in responses. */
  readonly rootName: string;
  /** True where the delivery key is of elements of a list; else it is of the event. */
  readonly elements: boolean;
  /** Where the client has the list whose elements the delivery key names. */
  readonly listNames: readonly string[];
  /** True when the result depends on the person, so that only that person's operations may share it. */
  readonly personal: boolean;
  cursorOf(data: Record<string, unknown> | null | undefined): string | null;
  /** One key per element that the delivery policy tells apart. */
  keysOf(data: Record<string, unknown> | null | undefined): readonly string[];
}

const plans = new WeakMap<PreparedOperation, LivePlan>();

export function livePlanOf(prepared: PreparedOperation): LivePlan {
  let plan = plans.get(prepared);
  if (!plan) plans.set(prepared, (plan = build(prepared)));
  return plan;
}

/** The cursor with which the client wants to continue. */
export function requestedCursor(plan: LivePlan, variables: Record<string, unknown>): string | null {
  const given = plan.resume?.given;
  if (!given) return null;
  const value = given.kind === Kind.VARIABLE ? variables[given.name.value] : given.kind === Kind.STRING ? given.value : null;
  return typeof value === 'string' ? value : null;
}

/** Variables of the upstream; the cursor to go on from is not among what the client sent. */
export function upstreamVariables(plan: LivePlan, variables: Record<string, unknown>, after: string | null): Record<string, unknown> {
  const used: Record<string, unknown> = {};
  for (const name of plan.variableNames) if (variables[name] !== undefined) used[name] = variables[name];
  if (after !== null && plan.resume) used[AFTER] = after;
  return used;
}

function build(prepared: PreparedOperation): LivePlan {
  const { generation, operation, document } = prepared;
  const { primary, rest } = prepared.live!;
  const upstream = parse(primary.operation, { noLocation: true });
  const definition = upstream.definitions.find((d): d is OperationDefinitionNode => d.kind === Kind.OPERATION_DEFINITION)!;
  const root = definition.selectionSet.selections.find((s): s is FieldNode => s.kind === Kind.FIELD && s.name.value !== '__typename')!;
  const field = root.name.value;
  const rootName = root.alias?.value ?? field;
  const delivery = generation.declared.delivery(field);
  const contract = generation.declared.resume(field);
  const fieldDefinition = generation.supergraphSchema.getSubscriptionType()?.getFields()[field];
  const argument = contract && fieldDefinition?.args.find(({ name }) => name === contract.argument);
  const given = contract ? root.arguments?.find(({ name }) => name.value === contract.argument)?.value : undefined;
  const payload = getNamedType(fieldDefinition!.type);
  const own = root.selectionSet?.selections ?? [];
  const key = isObjectType(payload) ? deliveryKey(delivery.key, payload, own) : null;
  const selections = [...(key?.selections ?? own), ...(contract ? [fieldNode(contract.cursor, CURSOR)] : [])];

  const resumeArgument: ArgumentNode | undefined = argument
    ? { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: argument.name }, value: variableNode(AFTER) }
    : undefined;
  const rewrittenRoot: FieldNode = {
    ...root,
    ...(root.selectionSet && { selectionSet: { kind: Kind.SELECTION_SET, selections } }),
    arguments: [
      ...(root.arguments ?? []).filter(({ name }) => name.value !== contract?.argument),
      ...(resumeArgument ? [resumeArgument] : []),
    ],
  };
  const rewritten: OperationDefinitionNode = { ...definition, selectionSet: { kind: Kind.SELECTION_SET, selections: [rewrittenRoot] } };
  const others = upstream.definitions.filter((d) => d !== definition);
  const used = variablesIn({ kind: Kind.DOCUMENT, definitions: [{ ...rewritten, variableDefinitions: [] }, ...others] });
  const variableDefinitions = (definition.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value));
  if (argument) {
    const type = parseType(String(argument.type));
    variableDefinitions.push({ kind: Kind.VARIABLE_DEFINITION, variable: variableNode(AFTER), type });
  }
  const query = print({ kind: Kind.DOCUMENT, definitions: [{ ...rewritten, variableDefinitions }, ...others] });

  const rootOf = (data: Record<string, unknown> | null | undefined) => data?.[rootName] as Record<string, unknown> | null | undefined;
  return {
    prepared,
    documentKey: canonicalDocument(document, operation),
    service: primary.serviceName,
    query,
    operationName: primary.operationName,
    variableNames: variableDefinitions.map(({ variable }) => variable.name.value).filter((name) => name !== AFTER),
    eventPart: { ...prepared.parts[0]!, plan: { kind: 'QueryPlan', node: eventNode(primary, rest) } },
    delivery,
    resume: argument ? { given, clientVariable: given?.kind === Kind.VARIABLE ? given.name.value : null } : null,
    rootName,
    elements: key?.list != null,
    listNames: key?.list ? responseNamesOf(key.list, operation.selectionSet, document) : [],
    personal: generation.declared.anyPersonal && selectsPersonal(prepared),
    cursorOf: (data) => {
      const cursor = rootOf(data)?.[CURSOR];
      return typeof cursor === 'string' ? cursor : null;
    },
    keysOf: (data) => {
      const event = rootOf(data);
      return event && key ? key.keysOf(event) : NO_KEYS;
    },
  };
}

function eventNode(primary: FetchNode, rest: PlanNode | undefined): PlanNode {
  const first: PlanNode = { ...primary, serviceName: EVENT_SERVICE, operationKind: OperationTypeNode.QUERY };
  return { kind: 'Sequence', nodes: rest ? [first, rest] : [first] };
}

/** Under which names the client has a list of the payload, fragments looked through. */
function responseNamesOf(list: string, set: SelectionSetNode, document: DocumentNode): string[] {
  const names = new Set<string>();
  const fragments = new Map(
    document.definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]),
  );
  const walk = (selections: SelectionSetNode, depth: number) => {
    for (const selection of selections.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, depth);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) walk(fragments.get(selection.name.value)!.selectionSet, depth);
      else if (depth === 0 && selection.selectionSet) walk(selection.selectionSet, 1);
      else if (depth === 1 && selection.name.value === list) names.add(selection.alias?.value ?? list);
    }
  };
  walk(set, 0);
  return [...names];
}

function canonicalDocument(document: DocumentNode, operation: OperationDefinitionNode): string {
  const fragments = new Map(
    document.definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]),
  );
  const reached = new Map<string, FragmentDefinitionNode>();
  const reach = (node: OperationDefinitionNode | FragmentDefinitionNode) =>
    visit(node, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (!fragment || reached.has(name.value)) return;
        reached.set(name.value, fragment);
        reach(fragment);
      },
    });
  reach(operation);
  const ordered = [...reached.values()].sort((a, b) => (a.name.value < b.name.value ? -1 : 1));
  // An operation's own name changes nothing about its result.
  return print({ kind: Kind.DOCUMENT, definitions: [{ ...operation, name: undefined }, ...ordered] });
}

function variablesIn(document: DocumentNode): Set<string> {
  const names = new Set<string>();
  visit(document, { Variable: ({ name }) => void names.add(name.value) });
  return names;
}

function parseType(text: string): TypeNode {
  const document = parse(`query($v: ${text}) { a }`, { noLocation: true });
  return (document.definitions[0] as OperationDefinitionNode).variableDefinitions![0]!.type;
}

const variableNode = (name: string) => ({ kind: Kind.VARIABLE as const, name: { kind: Kind.NAME as const, value: name } });
