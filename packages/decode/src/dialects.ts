import type { Dialect, IncomingMessage } from './dialect.js';
import { pulseDialect } from './pulse/pulse.dialect.js';

/** Asked in this order; the first that reads the message has it. */
export const DIALECTS: readonly Dialect[] = [pulseDialect];

export function dialectOf(message: IncomingMessage): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.reads(message));
}
