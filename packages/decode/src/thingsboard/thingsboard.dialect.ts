import type { Dialect, DialectPart } from '../dialect.js';
import { readText } from '../payload.js';
import { decodeDeviceEvent } from '../pulse/device-event.js';
import { decodePulse, decodePulseDocument, type PulseOptions } from '../pulse/readings.js';
import type { DecodedReadings } from '../raw-reading.js';

const TELEMETRY = new Set(['v1/devices/me/telemetry', 'v2/t']);
const ATTRIBUTES = new Set(['v1/devices/me/attributes', 'v2/a']);

/** ThingsBoard's device topics. They name no device: whoever signed in is "me". */
export const thingsBoardDialect: Dialect = {
  name: 'thingsboard',
  reads: ({ topic }) => TELEMETRY.has(topic) || ATTRIBUTES.has(topic),
  deviceOf: (_message, { sender }) => sender,
  decode({ topic, payload }, { sender, receivedAtUs }): DialectPart[] | null {
    if (!sender) return null;
    const nothing = { readings: [], labels: [], refused: [], events: [] };
    if (TELEMETRY.has(topic)) return [{ ...nothing, device: sender, ...telemetry(payload, { deviceKey: sender.deviceKey, receivedAtUs }) }];
    const event = decodeDeviceEvent({ kind: 'twin-reported' }, payload);
    return [{ ...nothing, device: sender, ...('reason' in event ? { refused: [event] } : { events: [event] }) }];
  },
};

/** `{k: v}`, `{"ts": ms, "values": {k: v}}`, or a list of either: ours but for the first. */
function telemetry(payload: Uint8Array, options: PulseOptions): DecodedReadings {
  const text = readText(payload);
  if (typeof text !== 'string') return { readings: [], labels: [], refused: [text] };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return decodePulse(payload, options); // refuses it with the parser's words
  }
  return decodePulseDocument(Array.isArray(document) ? document.map(withValues) : withValues(document), options, text);
}

function withValues(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const { values } = item as { values?: unknown };
  return typeof values === 'object' && values !== null ? item : { values: item };
}
