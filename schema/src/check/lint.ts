import {
  Kind,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type TypeNode,
} from 'graphql';
import { parseSubgraph } from '../composition/compose.js';
import type { SubgraphSdl } from '../generate/subgraphs.js';

export interface LintFinding {
  rule: 'naming' | 'description' | 'nullability' | 'pagination' | 'deprecation';
  path: string;
  message: string;
  line: number | null;
}

type Described = Pick<SubgraphSdl, 'name' | 'sdl'>;

/** What is new to complain about: a finding that the published version has too is nobody's news. */
export function lintNew(published: Described | null, proposed: Described): LintFinding[] {
  const known = new Set((published ? lint(published) : []).map(({ rule, path }) => `${rule} ${path}`));
  return lint(proposed).filter(({ rule, path }) => !known.has(`${rule} ${path}`));
}

export function lint(subgraph: Described): LintFinding[] {
  const document = parseSubgraph(subgraph);
  const findings: LintFinding[] = [];
  const entities = entityTypes(document);
  const add = (rule: LintFinding['rule'], path: string, message: string, node: { loc?: { startToken: { line: number } } }) =>
    findings.push({ rule, path, message, line: node.loc?.startToken.line ?? null });

  for (const definition of document.definitions) {
    if (!('name' in definition) || !definition.name || definition.kind === Kind.DIRECTIVE_DEFINITION) continue;
    const type = definition.name.value;
    if (definition.kind === Kind.FRAGMENT_DEFINITION || definition.kind === Kind.OPERATION_DEFINITION) continue;
    const isRoot = /^(Query|Mutation|Subscription)$/.test(type);
    if (!/^[A-Z][A-Za-z0-9]*$/.test(type)) add('naming', type, `A type is named in PascalCase, not "${type}".`, definition);
    const isStub = entities.stubs.has(type);
    if (!isRoot && !isStub && 'description' in definition && !definition.description)
      add('description', type, 'Say in a sentence what the type stands for.', definition);
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION) lintEnum(definition, add);
    if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      for (const field of definition.fields ?? []) lintMember(`${type}.${field.name.value}`, field, add);
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const field of definition.fields ?? []) {
      const path = `${type}.${field.name.value}`;
      lintMember(path, field, add);
      if (!isStub && !field.description && (isRoot || needsWords(field)))
        add('description', path, 'Say what the field holds, with its unit.', field);
      // Another subgraph may be away: what it alone can answer must be allowed to be missing.
      if (field.type.kind === Kind.NON_NULL_TYPE && entities.stubs.has(namedOf(field.type)) && !isList(field.type))
        add('nullability', path, `"${namedOf(field.type)}" is another subgraph's: make the reference nullable.`, field);
      const list = listOf(field.type);
      if (list && list.type.kind !== Kind.NON_NULL_TYPE) add('nullability', path, 'A list without holes says so: [T!].', field);
      if (
        list &&
        isRoot &&
        entities.own.has(namedOf(field.type)) &&
        !field.arguments?.some(({ name }) => /^(first|last|limit|ids?)$/.test(name.value))
      )
        add('pagination', path, 'A list of entities grows: take `first` and `after`, and return a connection.', field);
    }
  }
  return findings;
}

type Add = (rule: LintFinding['rule'], path: string, message: string, node: { loc?: { startToken: { line: number } } }) => void;

function lintEnum(definition: EnumTypeDefinitionNode, add: Add): void {
  for (const value of definition.values ?? []) {
    const path = `${definition.name.value}.${value.name.value}`;
    if (!/^[A-Z][A-Z0-9_]*$/.test(value.name.value)) add('naming', path, 'A value is named in UPPER_CASE.', value);
    lintDeprecation(path, value, add);
  }
}

function lintMember(path: string, field: FieldDefinitionNode | InputValueDefinitionNode, add: Add): void {
  if (!/^[a-z][A-Za-z0-9]*$/.test(field.name.value)) add('naming', path, 'A field is named in camelCase.', field);
  lintDeprecation(path, field, add);
}

/** `@deprecated(reason: "Use serialNumber. Removed after 2027-03-01.")` */
function lintDeprecation(path: string, node: Pick<FieldDefinitionNode, 'directives' | 'loc'>, add: Add): void {
  const deprecated = node.directives?.find(({ name }) => name.value === 'deprecated');
  if (!deprecated) return;
  const reason = deprecated.arguments?.find(({ name }) => name.value === 'reason')?.value;
  if (reason?.kind !== Kind.STRING || reason.value.trim() === '')
    add('deprecation', path, 'Say in `reason` what to use instead, and until when.', node);
  else if (!/\b\d{4}-\d{2}-\d{2}\b/.test(reason.value))
    add('deprecation', path, 'Name in `reason` the date after which it may go: YYYY-MM-DD.', node);
}

/** Ids and what says itself by its type need none. */
const needsWords = ({ name, type }: FieldDefinitionNode) =>
  !['ID', 'Boolean'].includes(namedOf(type)) &&
  !/^(name|key|createdAt|updatedAt|nodes|edges|pageInfo|totalCount|cursor|node)$/.test(name.value);

const namedOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedOf(type.type));
const isList = (type: TypeNode): boolean => listOf(type) !== null;
function listOf(type: TypeNode) {
  const inner = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  return inner.kind === Kind.LIST_TYPE ? inner : null;
}

/** Entities that are resolved here, and those of which only the key is known. */
function entityTypes(document: DocumentNode): { own: Set<string>; stubs: Set<string> } {
  const own = new Set<string>();
  const stubs = new Set<string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const keys = definition.directives?.filter(({ name }) => /(^|__)key$/.test(name.value)) ?? [];
    if (keys.length === 0) continue;
    const resolvable = keys.some(({ arguments: given }) => {
      const value = given?.find(({ name }) => name.value === 'resolvable')?.value;
      return value?.kind !== Kind.BOOLEAN || value.value;
    });
    (resolvable ? own : stubs).add(definition.name.value);
  }
  return { own, stubs };
}
