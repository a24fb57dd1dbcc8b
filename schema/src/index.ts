export { apiSdlOf, compose, CompositionFailed, type Composed } from './composition/compose.js';
export { printSubgraphs, type SubgraphSdl } from './generate/subgraphs.js';
export { createRegistryService, type RegistryService, type RegistryServiceOptions } from './registry-service.js';
export { check, viewGraph, type CheckInput, type CheckReport } from './check/check.js';
export type { KnownOperation } from './check/known-operation.js';
export { RegistryClient, Refused, Unreachable } from './cli/registry-client.js';
