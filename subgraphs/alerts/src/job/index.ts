export * from './job-schema.js';
export * from './worker.js';
