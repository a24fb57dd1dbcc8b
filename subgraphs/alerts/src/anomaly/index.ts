export {
  ANOMALY_ALARM_SCORE,
  createAnomalyDetector,
  type AnomalyDetector,
  type AnomalyDetectorOptions,
  type AnomalyDetectorState,
  type AnomalySensitivity,
} from './anomaly-detector.js';
