import {
  Kind,
  TypeInfo,
  getNamedType,
  isEnumType,
  isInputObjectType,
  typeFromAST,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';

/**
 * What of a schema an operation uses: `Type`, `Type.field`, `Type.field.argument`, `Input.field`, `Enum.VALUE`.
 * A variable may carry every field and value of its type, since values are not looked at. A bare `Type` stands for what
 * comes back or is matched on; for an enum it means that its values are received.
 */
export function coordinatesOf(schema: GraphQLSchema, document: DocumentNode): string[] {
  const used = new Set<string>();
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: () => {
        const parent = types.getParentType();
        const field = types.getFieldDef();
        if (!parent || !field || field.name.startsWith('__')) return;
        used.add(parent.name).add(`${parent.name}.${field.name}`).add(getNamedType(field.type).name);
      },
      Argument: ({ name }) => {
        const parent = types.getParentType();
        const field = types.getFieldDef();
        if (parent && field && !types.getDirective()) used.add(`${parent.name}.${field.name}.${name.value}`);
      },
      InlineFragment: ({ typeCondition }) => void (typeCondition && used.add(typeCondition.name.value)),
      FragmentDefinition: ({ typeCondition }) => void used.add(typeCondition.name.value),
      ObjectField: ({ name }) => {
        const input = getNamedType(types.getParentInputType());
        if (isInputObjectType(input)) used.add(input.name).add(`${input.name}.${name.value}`);
      },
      EnumValue: ({ value }) => {
        const type = getNamedType(types.getInputType());
        if (isEnumType(type)) used.add(`${type.name}.${value}`);
      },
      VariableDefinition: ({ type }) => {
        const named = typeFromAST(schema, type.kind === Kind.NON_NULL_TYPE ? type.type : type) as GraphQLInputType | undefined;
        if (named) addInput(named, used, new Set());
      },
    }),
  );
  return [...used].sort();
}

function addInput(type: GraphQLInputType, used: Set<string>, seen: Set<string>): void {
  const named = getNamedType(type);
  if (seen.has(named.name)) return;
  seen.add(named.name);
  if (isEnumType(named)) for (const { name } of named.getValues()) used.add(`${named.name}.${name}`);
  if (!isInputObjectType(named)) return;
  used.add(named.name);
  for (const field of Object.values(named.getFields())) {
    used.add(`${named.name}.${field.name}`);
    addInput(field.type, used, seen);
  }
}
