export * from './health.js';
export * from './http-service.js';
export * from './internal-token.js';
