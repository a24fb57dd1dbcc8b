export * from './in-process-bus.js';
export * from './live-bus.js';
export * from './redis-bus.js';
