export { createAlertEvaluator, type AlertEvaluator, type AlertEvaluatorOptions } from './alert-evaluator.js';
export { createAlertsSubgraph, type AlertsSubgraphOptions } from './alerts-subgraph.js';
export { buildAlertsSchema } from './schema.js';
