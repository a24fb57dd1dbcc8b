import { Identity1763640000000 } from './1763640000000-identity.js';

/** In order. Additive; what destroys comes one release later. */
export const migrations = [Identity1763640000000] as const;
