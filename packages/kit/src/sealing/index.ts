export * from './create-sealer.js';
export * from './envelope.js';
export * from './sealer.js';
