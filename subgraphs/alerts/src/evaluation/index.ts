export * from './condition.js';
export * from './evaluate.js';
export * from './node.js';
export { isActive, IDLE, type Phase } from './phase.js';
