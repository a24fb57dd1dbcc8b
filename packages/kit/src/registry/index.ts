export * from './registry.js';
export * from './registry-projection.js';
