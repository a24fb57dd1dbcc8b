import { printSubgraphSchema } from '@apollo/subgraph';
import { buildAlertsSchema } from '@pulsegraph/alerts';
import { buildDevicesSchema } from '@pulsegraph/devices';
import { buildTelemetrySchema } from '@pulsegraph/telemetry';
import { buildUsersSchema } from '@pulsegraph/users';

export interface SubgraphSdl {
  name: string;
  /** Where it is served unless the environment says otherwise. */
  url: string;
  sdl: string;
}

/** What each subgraph serves, printed from its code: the code is the schema, the files are its proof. */
export function printSubgraphs(): SubgraphSdl[] {
  return [
    { name: 'alerts', url: 'http://localhost:4003/graphql', sdl: printSubgraphSchema(buildAlertsSchema()) },
    { name: 'devices', url: 'http://localhost:4001/graphql', sdl: printSubgraphSchema(buildDevicesSchema()) },
    { name: 'telemetry', url: 'http://localhost:4002/graphql', sdl: printSubgraphSchema(buildTelemetrySchema()) },
    { name: 'users', url: 'http://localhost:4004/graphql', sdl: printSubgraphSchema(buildUsersSchema()) },
  ];
}
