export * from './access.js';
export * from './federated-schema.js';
export * from './serve-subgraph.js';
export * from './subgraph.js';
