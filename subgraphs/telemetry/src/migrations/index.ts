import { CreateTelemetry1763640000000 } from './1763640000000-create-telemetry.js';
import { ReadSeries1763640000001 } from './1763640000001-read-series.js';
import { PackHistory1763640000002 } from './1763640000002-pack-history.js';
import { AuditOutbox1764271201000 } from './1764271201000-audit-outbox.js';

/** In order; forward only. */
export const migrations = [CreateTelemetry1763640000000, ReadSeries1763640000001, PackHistory1763640000002, AuditOutbox1764271201000];
