export { systemClock, type Clock } from './connectivity/clock.js';
export { createHttpCredentialEdge, type CredentialEdge, type EdgeCredential } from './credential/credential-edge.js';
export { createDevicesSubgraph, type DevicesSubgraph, type DevicesSubgraphOptions } from './devices-subgraph.js';
export { buildDevicesSchema } from './schema.js';
