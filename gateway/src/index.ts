export { createGateway, type Gateway, type GatewayOptions, type IdentityOptions } from './gateway.js';
export { jwksFromUrl, type JwksSource } from './identity/access-token.js';
export { DEFAULT_LIMITS, type GatewayLimits } from './limits/limits.js';
export { supergraphFromFile, supergraphFromSdl, supergraphFromUrl, type SupergraphSource } from './supergraph/source.js';
export { planGraph, type LiveImpact, type PlannedGraph, type PlanSummary } from './planning/planned-graph.js';
export { supergraphFromRegistry, type RegistrySource, type RegistrySourceOptions } from './supergraph/registry-source.js';
export { originList, rateLimitsOf, rateVariables } from './limits/rate-env.js';
export { RateLimiter, type RateLimits } from './limits/rate-limiter.js';
