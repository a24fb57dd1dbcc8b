import { Alerts1763640000000 } from './1763640000000-alerts.js';

/** In order. Additive now, destructive one release later. */
export const MIGRATIONS = [Alerts1763640000000] as const;
