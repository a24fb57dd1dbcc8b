import { buildAlertsSchema } from '@pulsegraph/alerts';
import { buildDevicesSchema } from '@pulsegraph/devices';
import { buildTelemetrySchema } from '@pulsegraph/telemetry';
import { buildUsersSchema } from '@pulsegraph/users';
import { graphqlSync, type GraphQLSchema } from 'graphql';

export interface SubgraphSdl {
  name: string;
  /** Where it is served unless the environment says otherwise. */
  url: string;
  sdl: string;
}

/** What each subgraph serves, printed from its code: the code is the schema, the files are its proof. */
export function printSubgraphs(): SubgraphSdl[] {
  return [
    { name: 'alerts', url: 'http://localhost:4003/graphql', sdl: sdlOf(buildAlertsSchema()) },
    { name: 'devices', url: 'http://localhost:4001/graphql', sdl: sdlOf(buildDevicesSchema()) },
    { name: 'telemetry', url: 'http://localhost:4002/graphql', sdl: sdlOf(buildTelemetrySchema()) },
    { name: 'users', url: 'http://localhost:4004/graphql', sdl: sdlOf(buildUsersSchema()) },
  ];
}

/** As the subgraph itself answers `_service`: without the definitions that federation brings. */
function sdlOf(schema: GraphQLSchema): string {
  const { data, errors } = graphqlSync({ schema, source: '{ _service { sdl } }' });
  const sdl = (data as { _service?: { sdl: string } } | null)?._service?.sdl;
  if (!sdl) throw new Error(`The schema cannot be printed: ${errors?.[0]?.message ?? 'it has no SDL'}`);
  return sdl;
}
