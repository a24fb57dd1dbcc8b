import type { RecordedReading } from './reading.js';

/**
 * Channels of the live bus. The bus is a fast path that may lose messages: each message therefore names its place in an
 * order that stands in a table, and whoever sees a gap reads the table.
 */
export const busChannel = {
  /** `RegistryWakeUp`: the registry feed has something new. */
  registry: 'registry',
  /** `RegistryWakeUp`: the revocations feed has something new. */
  revocations: 'revocations',
  /** `StoredBatch` of one organization, after commit. */
  readings: (organizationId: string) => `readings.${organizationId}`,
  /** `PipelineStatusMessage` of one organization, about once a second while it changes. */
  pipeline: (organizationId: string) => `pipeline.${organizationId}`,
  /** `ChangeWakeUp`: alert transitions of one organization. */
  alerts: (organizationId: string) => `alerts.${organizationId}`,
  /** `ChangeWakeUp`: device changes of one organization. */
  devices: (organizationId: string) => `devices.${organizationId}`,
} as const;

export interface RegistryWakeUp {
  revision: number;
}

/** Something was committed up to `seq`; read the change table from where you are. */
export interface ChangeWakeUp {
  seq: number;
}

/** Readings of one device that one commit stored for the first time. */
export interface StoredReadings {
  deviceId: string;
  deviceKey: string;
  receivedAtUs: number;
  readings: RecordedReading[];
}

/** What one commit of the writer added for one organization: a row of `telemetry.stored_batch`, and the bus message. */
export interface StoredBatch {
  /** Writer partition group; order holds within a group. */
  group: number;
  seq: number;
  /** The organization's batch before this one in the group, 0 for the first: shows a gap to whoever missed it. */
  previousSeq: number;
  committedAtUs: number;
  devices: StoredReadings[];
}

/** Totals since the organization began, and rates over the last seconds. */
export interface PipelineStatusMessage {
  readingsPerSecond: number;
  acceptedTotal: number;
  duplicatesTotal: number;
  rejectedTotal: number;
  backlog: number;
  storeLatencyMsP50: number;
  storeLatencyMsP99: number;
  health: 'HEALTHY' | 'DEGRADED' | 'DOWN';
  atUs: number;
}
