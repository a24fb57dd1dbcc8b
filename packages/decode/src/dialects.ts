import type { Dialect, IncomingMessage } from './dialect.js';
import { homieDialect } from './homie/homie.dialect.js';
import { influxDialect } from './influx/influx.dialect.js';
import { pulseDialect } from './pulse/pulse.dialect.js';
import { senmlDialect } from './senml/senml.dialect.js';
import { sparkplugDialect } from './sparkplug/sparkplug.dialect.js';
import { thingsBoardDialect } from './thingsboard/thingsboard.dialect.js';

/** Asked in this order; the first that reads the message has it. */
export const DIALECTS: readonly Dialect[] = [pulseDialect, thingsBoardDialect, influxDialect, senmlDialect, sparkplugDialect, homieDialect];

export function dialectOf(message: IncomingMessage): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.reads(message));
}
