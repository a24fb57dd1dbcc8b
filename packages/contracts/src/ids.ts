/** `Organization.key`: a slug used in topics and user names. It never changes. */
export const ORGANIZATION_KEY = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** `Device.key`: the name a device uses on the wire. Never reused within an organization. */
export const DEVICE_KEY = /^[A-Za-z0-9._-]{1,64}$/;

/** A metric's name on the wire and in the graph, for example `heartRate` or `line1.temperature`. */
export const METRIC_NAME = /^[A-Za-z][A-Za-z0-9_.\-/ ]{0,127}$/;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Ids come from callers as any string; anything that is no UUID can name nothing we hold. */
export function isUuid(value: string): boolean {
  return UUID.test(value);
}
