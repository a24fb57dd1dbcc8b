export { buildTelemetrySchema } from './schema.js';
export { createTelemetrySubgraph, type TelemetrySubgraph, type TelemetrySubgraphOptions } from './telemetry-subgraph.js';
export { DEFAULT_RETENTION, type Retention } from './writer/retention.js';
export { createTelemetryWriter, type TelemetryWriter, type TelemetryWriterOptions } from './writer/writer.js';
