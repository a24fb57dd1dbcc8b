/** Vital signs the platform knows by name: LOINC code and UCUM unit, so that a ward's data means the same everywhere. */
export const VITAL_SIGNS = {
  heartRate: { name: 'Heart rate', loinc: '8867-4', unit: '/min' },
  pulse: { name: 'Pulse', loinc: '8889-8', unit: '/min' },
  spo2: { name: 'Oxygen saturation', loinc: '59408-5', unit: '%' },
  respiration: { name: 'Respiratory rate', loinc: '9279-1', unit: '/min' },
  systolic: { name: 'Systolic blood pressure', loinc: '8480-6', unit: 'mm[Hg]' },
  diastolic: { name: 'Diastolic blood pressure', loinc: '8462-4', unit: 'mm[Hg]' },
  meanPressure: { name: 'Mean blood pressure', loinc: '8478-0', unit: 'mm[Hg]' },
  temperature: { name: 'Body temperature', loinc: '8310-5', unit: 'Cel' },
} as const;

/** Names of Prometheus metrics that more than one process or a dashboard reads. Seconds and bytes, as Prometheus asks. */
export const METRIC = {
  messagesReceived: 'pulsegraph_messages_received_total',
  readingsAccepted: 'pulsegraph_readings_accepted_total',
  readingsRejected: 'pulsegraph_readings_rejected_total',
  readingsStored: 'pulsegraph_readings_stored_total',
  readingsDuplicate: 'pulsegraph_readings_duplicate_total',
  storeLatency: 'pulsegraph_store_latency_seconds',
  logBacklog: 'pulsegraph_log_backlog_records',
  alertTransitions: 'pulsegraph_alert_transitions_total',
  notificationDeliveries: 'pulsegraph_notification_deliveries_total',
  graphqlOperations: 'pulsegraph_graphql_operations_total',
  graphqlDuration: 'pulsegraph_graphql_duration_seconds',
} as const;
