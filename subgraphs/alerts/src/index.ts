export { createAlertEvaluator, type AlertEvaluator, type AlertEvaluatorOptions } from './alert-evaluator.js';
export { ANOMALY_ALARM_SCORE, createAnomalyDetector, type AnomalyDetector, type AnomalySensitivity } from './anomaly/index.js';
export { createAlertsSubgraph, type AlertsSubgraphOptions } from './alerts-subgraph.js';
export { createAlertNotifier, type AlertNotifier, type AlertNotifierOptions } from './alert-notifier.js';
export type { AddressPolicy } from './notification/address-guard.js';
export { httpUserDirectory, type UserDirectory } from './notification/user-directory.js';
export { buildAlertsSchema } from './schema.js';
export { httpReadingHistory, type ReadingHistorySource } from './backtest/reading-history.js';
