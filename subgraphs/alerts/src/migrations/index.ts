import { Alerts1763640000000 } from './1763640000000-alerts.js';
import { Handling1763650000000 } from './1763650000000-handling.js';

/** In order. Additive now, destructive one release later. */
export const MIGRATIONS = [Alerts1763640000000, Handling1763650000000] as const;
