import { printSubgraphSchema } from '@apollo/subgraph';
import { buildAlertsSchema } from '@pulsegraph/alerts';
import { buildDevicesSchema } from '@pulsegraph/devices';
import { buildTelemetrySchema } from '@pulsegraph/telemetry';
import { buildUsersSchema } from '@pulsegraph/users';
import { Kind, parse, print, type DefinitionNode, type GraphQLSchema } from 'graphql';
import { ADDRESSES } from './addresses.js';

export interface SubgraphSdl {
  name: string;
  /** Where it is served unless the environment says otherwise. */
  url: string;
  sdl: string;
}

/** What each subgraph serves, printed from its code: the code is the schema, the files are its proof. */
export function printSubgraphs(): SubgraphSdl[] {
  return [
    { name: 'alerts', url: ADDRESSES.alerts, sdl: sdlOf(buildAlertsSchema()) },
    { name: 'devices', url: ADDRESSES.devices, sdl: sdlOf(buildDevicesSchema()) },
    { name: 'telemetry', url: ADDRESSES.telemetry, sdl: sdlOf(buildTelemetrySchema()) },
    { name: 'users', url: ADDRESSES.users, sdl: sdlOf(buildUsersSchema()) },
  ];
}

/** Ours, as opposed to those that `@link` brings. */
const OWN_DIRECTIVES = new Set(['delivery', 'resume', 'requiresPermission', 'openTo']);
const BROUGHT_BY_LINK = /^(federation__|link__|_Any$|_Entity$|_Service$)/;

/**
 * Not `_service { sdl }`, which prints enum values in directives as strings; and without the definitions that federation
 * adds by itself.
 */
function sdlOf(schema: GraphQLSchema): string {
  const document = parse(printSubgraphSchema(schema));
  const definitions = document.definitions.filter(isOwn).map(withoutFederationFields);
  return print({ ...document, definitions });
}

function isOwn(definition: DefinitionNode): boolean {
  if (definition.kind === Kind.DIRECTIVE_DEFINITION) return OWN_DIRECTIVES.has(definition.name.value);
  return !('name' in definition && definition.name && BROUGHT_BY_LINK.test(definition.name.value));
}

function withoutFederationFields(definition: DefinitionNode): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || definition.name.value !== 'Query') return definition;
  return { ...definition, fields: definition.fields?.filter(({ name }) => !/^_(entities|service)$/.test(name.value)) };
}
