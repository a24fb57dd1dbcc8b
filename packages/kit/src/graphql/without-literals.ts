import {
  Kind,
  TypeInfo,
  getNullableType,
  parseType,
  print,
  stripIgnoredCharacters,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';

/**
 * The document as it may be kept and shown: every string and number in it, which may be somebody's name or record number,
 * becomes a variable of the type expected at its place, so that it still fits the schemas that it fitted. Equal operations
 * that differ only in such values come out equal.
 */
export function withoutLiterals(schema: GraphQLSchema, document: DocumentNode): string {
  const types = new TypeInfo(schema);
  const added: VariableDefinitionNode[] = [];
  const replace = (node: ValueNode): ValueNode => {
    const expected = types.getInputType();
    const name = { kind: Kind.NAME, value: `literal_${added.length + 1}` } as const;
    // What was written is never null, whatever the place would also accept.
    const type: TypeNode = expected
      ? nonNull(parseType(String(getNullableType(expected))))
      : nonNull(parseType(node.kind === Kind.STRING ? 'String' : node.kind === Kind.INT ? 'Int' : 'Float'));
    added.push({ kind: Kind.VARIABLE_DEFINITION, variable: { kind: Kind.VARIABLE, name }, type });
    return { kind: Kind.VARIABLE, name };
  };
  const cleaned = visit(
    document,
    visitWithTypeInfo(types, {
      // A default is a value too; with it gone, the variable must say that it is always there.
      VariableDefinition: (node) => ({ ...node, ...(node.defaultValue && { defaultValue: undefined, type: nonNull(node.type) }) }),
      // One value where a list is expected is a list of one.
      StringValue: (node) => replace(node),
      IntValue: (node) => replace(node),
      FloatValue: (node) => replace(node),
    }),
  );
  const definitions = cleaned.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? { ...definition, variableDefinitions: [...(definition.variableDefinitions ?? []), ...usedIn(definition, cleaned, added)] }
      : definition,
  );
  return stripIgnoredCharacters(print({ ...cleaned, definitions }));
}

/** Literals of fragments belong to every operation that may reach them; one operation per document is the rule. */
function usedIn(definition: DocumentNode['definitions'][number], document: DocumentNode, added: VariableDefinitionNode[]) {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length < 2) return added;
  const names = new Set<string>();
  visit(definition, { Variable: ({ name }) => void names.add(name.value) });
  return added.filter(({ variable }) => names.has(variable.name.value));
}

const nonNull = (type: TypeNode): TypeNode => (type.kind === Kind.NON_NULL_TYPE ? type : { kind: Kind.NON_NULL_TYPE, type });
