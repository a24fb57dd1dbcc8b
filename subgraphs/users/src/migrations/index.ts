import { Identity1763640000000 } from './1763640000000-identity.js';
import { SecondFactor1763650000000 } from './1763650000000-second-factor.js';

/** In order. Additive; what destroys comes one release later. */
export const migrations = [Identity1763640000000, SecondFactor1763650000000] as const;
