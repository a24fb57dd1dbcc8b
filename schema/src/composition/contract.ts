import { DomainError } from '@pulsegraph/kit/errors';
import {
  GraphQLError,
  Kind,
  parse,
  print,
  visit,
  type ASTNode,
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
} from 'graphql';
import { apiSdlOf, type Composed } from './compose.js';

/** A part of the graph for some of its callers, chosen by `@tag`. */
export interface ContractRules {
  /** Only what carries one of these, or stands in a type that does. Empty: everything. */
  include: readonly string[];
  /** Never what carries one of these. */
  exclude: readonly string[];
}

/** What a contract leaves is no graph that could be served. */
export class ContractFailed extends DomainError {
  constructor(contract: string, reason: string) {
    super('COMPOSITION_FAILED', `The contract "${contract}" leaves no whole graph: ${reason}`, { contract });
  }
}

/** Root types stay: what they offer is chosen field by field. */
const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);
const LINK = '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)';
const DEFINITION =
  'directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION';

/**
 * The supergraph with everything outside the contract marked `@inaccessible`: subgraphs may still exchange it (keys),
 * callers cannot see it.
 * @throws ContractFailed when something that stays needs something that goes.
 */
export function applyContract(name: string, supergraphSdl: string, rules: ContractRules): Composed {
  const filtered = hide(parse(supergraphSdl), rules);
  const sdl = print(filtered);
  try {
    return { supergraphSdl: sdl, apiSdl: apiSdlOf(sdl) };
  } catch (error) {
    if (error instanceof Error) throw new ContractFailed(name, messagesOf(error));
    throw error;
  }
}

function messagesOf(error: Error): string {
  const causes = (error as Error & { causes?: unknown }).causes;
  const parts = Array.isArray(causes) ? causes.filter((cause) => cause instanceof GraphQLError) : [];
  return parts.length > 0 ? parts.map(({ message }) => message).join('; ') : error.message;
}

const isJoin = (name: string) => /^(join|link|core)__/.test(name);

function tagsOf(node: { directives?: readonly DirectiveNode[] }): string[] {
  return (node.directives ?? [])
    .filter(({ name }) => name.value === 'tag')
    .flatMap(({ arguments: given }) => {
      const value = given?.find(({ name }) => name.value === 'name')?.value;
      return value?.kind === Kind.STRING ? [value.value] : [];
    });
}

const INACCESSIBLE: ConstDirectiveNode = { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'inaccessible' } };

function hide(document: DocumentNode, { include, exclude }: ContractRules): DocumentNode {
  const carries = (tags: readonly string[], wanted: readonly string[]) => tags.some((tag) => wanted.includes(tag));
  const mark = <N extends ASTNode & { directives?: readonly ConstDirectiveNode[] }>(node: N): N =>
    node.directives?.some(({ name }) => name.value === 'inaccessible')
      ? node
      : { ...node, directives: [...(node.directives ?? []), INACCESSIBLE] };
  const excluded = (node: { directives?: readonly DirectiveNode[] }) => carries(tagsOf(node), exclude);
  let defined = false;

  /** A type without a tag of its own is there when any of its fields is. */
  const definitions = document.definitions.map((definition) => {
    switch (definition.kind) {
      case Kind.DIRECTIVE_DEFINITION:
        defined ||= definition.name.value === 'inaccessible';
        return definition;
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
      case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
        if (isJoin(definition.name.value)) return definition;
        if (excluded(definition)) return mark(definition);
        const included = include.length === 0 || carries(tagsOf(definition), include);
        const visible = (field: { directives?: readonly DirectiveNode[] }) =>
          !excluded(field) && (included || carries(tagsOf(field), include));
        const fields = (definition.fields ?? []).map((field) => {
          if (!visible(field)) return mark(field);
          if (field.kind !== Kind.FIELD_DEFINITION) return field;
          return { ...field, arguments: field.arguments?.map((argument) => (excluded(argument) ? mark(argument) : argument)) };
        });
        const left = (definition.fields ?? []).some(visible);
        const marked = { ...definition, fields } as typeof definition;
        return left || ROOTS.has(definition.name.value) ? marked : mark(definition);
      }
      case Kind.ENUM_TYPE_DEFINITION:
        if (isJoin(definition.name.value)) return definition;
        if (excluded(definition)) return mark(definition);
        return { ...definition, values: definition.values?.map((value) => (excluded(value) ? mark(value) : value)) };
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_DEFINITION:
        return !isJoin(definition.name.value) && excluded(definition) ? mark(definition) : definition;
      default:
        return definition;
    }
  });
  if (defined) return { ...document, definitions };
  const extra = parse(`schema ${LINK} { query: Query } ${DEFINITION}`).definitions;
  const link = extra[0]!.kind === Kind.SCHEMA_DEFINITION ? (extra[0].directives ?? []) : [];
  const withLink = visit(
    { ...document, definitions: [...definitions, extra[1]!] },
    { SchemaDefinition: (node) => ({ ...node, directives: [...(node.directives ?? []), ...link] }) },
  );
  return withLink;
}
