import { PERMISSIONS, type Permission, type Viewer } from '@pulsegraph/contracts';
import {
  defaultFieldResolver,
  isObjectType,
  Kind,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { Directive } from 'type-graphql';
import { errors } from '../errors/index.js';
import { mayAny } from '../viewer/index.js';

/** What a caller without the right gets: an error, or null where the field may be empty anyway. */
export type Refusal = 'FORBIDDEN' | 'NULL';
export type Audience = 'ANYONE' | 'SIGNED_IN';

/** Who may read a field, or fetch an entity. */
export interface Access {
  /** One of these; empty when the audience decides alone. */
  anyOf: readonly Permission[];
  otherwise: Refusal;
  audience: Audience;
}

/** `graph:read` in TypeScript is GRAPH_READ in the schema. */
export const permissionInSchema = (permission: Permission): string => permission.toUpperCase().replace(':', '_');
const FROM_SCHEMA = new Map(PERMISSIONS.map((permission) => [permissionInSchema(permission), permission]));

/** The directives, made from the table of permissions. */
export const ACCESS_SDL = `
extend schema
  @link(url: "https://pulsegraph.dev/access/v1.0", import: ["@requiresPermission", "@openTo"])
  @composeDirective(name: "@requiresPermission")
  @composeDirective(name: "@openTo")

"The caller's role must grant one of these. Checked by the subgraph before anything is read; on a type, when it is fetched as an entity."
directive @requiresPermission(permission: [Permission!]!, otherwise: Refusal! = FORBIDDEN) on FIELD_DEFINITION | OBJECT
"No permission decides: whoever is signed in, for what is their own, or anyone at all."
directive @openTo(audience: Audience!) on FIELD_DEFINITION | OBJECT
enum Permission { ${PERMISSIONS.map(permissionInSchema).join(' ')} }
enum Refusal { FORBIDDEN NULL }
enum Audience { ANYONE SIGNED_IN }
`;

type AccessDecorator = PropertyDecorator & MethodDecorator & ClassDecorator;

/** On a resolver's method or an entity: refuse callers whose role grants none of these. */
export function Requires(
  permission: Permission | readonly Permission[],
  { otherwise = 'FORBIDDEN' }: { otherwise?: Refusal } = {},
): AccessDecorator {
  const names = [permission].flat().map((each) => permissionInSchema(each as Permission));
  const given = names.length === 1 ? names[0]! : `[${names.join(', ')}]`;
  return Directive(`@requiresPermission(permission: ${given}${otherwise === 'NULL' ? ', otherwise: NULL' : ''})`);
}

/** On a resolver's method or an entity of which no permission decides. */
export function OpenTo(audience: Audience): AccessDecorator {
  return Directive(`@openTo(audience: ${audience})`);
}

/** What the document says of each `Type` and `Type.field`. */
export function readAccess(document: DocumentNode): Map<string, Access> {
  const found = new Map<string, Access>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    const type = definition.name.value;
    const note = (name: string, directives: readonly ConstDirectiveNode[] | undefined) => {
      const access = accessOf(directives ?? []);
      if (access) found.set(name, access);
    };
    note(type, definition.directives);
    for (const field of definition.fields ?? []) note(`${type}.${field.name.value}`, field.directives);
  }
  return found;
}

/** Printing a type-graphql schema makes strings of the enum values in directives. */
const wordOf = (node: ConstValueNode | undefined) => (node?.kind === Kind.ENUM || node?.kind === Kind.STRING ? node.value : '');

function accessOf(directives: readonly ConstDirectiveNode[]): Access | undefined {
  for (const { name, arguments: given = [] } of directives) {
    const value = (argument: string) => given.find((each) => each.name.value === argument)?.value;
    if (name.value === 'requiresPermission') {
      const permission = value('permission');
      const listed = permission?.kind === Kind.LIST ? permission.values : [permission];
      const anyOf = listed.map((each) => FROM_SCHEMA.get(wordOf(each)));
      if (!anyOf.every((each) => each !== undefined))
        throw new Error('@requiresPermission names a permission that the table does not have.');
      return { anyOf, otherwise: wordOf(value('otherwise')) === 'NULL' ? 'NULL' : 'FORBIDDEN', audience: 'SIGNED_IN' };
    }
    if (name.value === 'openTo') {
      return { anyOf: [], otherwise: 'FORBIDDEN', audience: wordOf(value('audience')) === 'ANYONE' ? 'ANYONE' : 'SIGNED_IN' };
    }
  }
  return undefined;
}

interface Asking {
  viewer: Viewer | null;
}

/** True when the field may be resolved, false when its answer is null. @throws UNAUTHENTICATED or FORBIDDEN. */
function admit({ anyOf, otherwise, audience }: Access, viewer: Viewer | null): boolean {
  if (audience === 'ANYONE') return true;
  if (viewer && (anyOf.length === 0 || mayAny(viewer.role, anyOf))) return true;
  if (otherwise === 'NULL') return false;
  throw viewer ? errors.forbidden() : errors.unauthenticated();
}

/** The one place where declared permissions are checked: before the resolver, or the `subscribe`, that bears them. */
export function enforceAccess(schema: GraphQLSchema, access: ReadonlyMap<string, Access>): void {
  for (const [place, rule] of access) {
    const [typeName = '', fieldName] = place.split('.');
    const type = schema.getType(typeName);
    const field = fieldName !== undefined && isObjectType(type) ? type.getFields()[fieldName] : undefined;
    if (!field || rule.audience === 'ANYONE') continue;
    if (type === schema.getSubscriptionType()) {
      const subscribe = field.subscribe;
      // async, so that a refusal becomes the operation's error and not a thrown exception in the transport.
      field.subscribe = async (source, args, context: Asking, info) => {
        admit(rule, context.viewer);
        return subscribe?.(source, args, context, info) as unknown;
      };
      continue;
    }
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (source, args, context: Asking, info): unknown =>
      admit(rule, context.viewer) ? resolve(source, args, context, info) : null;
  }
}

type ReferenceResolver<C> = (reference: { __typename: string; id: string }, context: C) => unknown;

/** An entity is reached past every root field: what its type declares is checked where it is fetched. */
export function guardReference<C extends Asking>(rule: Access | undefined, resolve: ReferenceResolver<C>): ReferenceResolver<C> {
  if (!rule) return resolve;
  return (reference, context) => (admit(rule, context.viewer) ? resolve(reference, context) : null);
}
