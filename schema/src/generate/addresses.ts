/** Where each subgraph is served unless the environment says otherwise. */
export const ADDRESSES = {
  alerts: 'http://localhost:4003/graphql',
  devices: 'http://localhost:4001/graphql',
  telemetry: 'http://localhost:4002/graphql',
  users: 'http://localhost:4004/graphql',
} as const;
