export * from './condition.js';
export * from './evaluate.js';
export * from './node.js';
export { isActive, IDLE, type Phase } from './phase.js';
export { clinicalRisk, type Contribution, type News2Parameter, type Score } from './news2.js';
export { SCORE_METRICS } from './score.node.js';
