import type { RawValue } from '../raw-reading.js';
import { decodeProperties, type SparkplugMetric } from './payload.js';

/** Sparkplug 3.0 §6.4.16: data types by number, those with a value that a metric of ours can keep. */
const SIGNED_BITS: Readonly<Record<number, number>> = { 1: 8, 2: 16, 3: 32, 4: 64 };
const UNSIGNED: ReadonlySet<number> = new Set([5, 6, 7, 8, 13]);
const FLOAT = 9;
const DOUBLE = 10;
const BOOLEAN = 11;
const TEXT: ReadonlySet<number> = new Set([12, 14, 15]);

/** @returns The value; undefined when its type is none that a metric keeps, or it holds none of that type. */
export function metricValue(metric: SparkplugMetric, datatype: number | undefined): RawValue | undefined {
  const { intValue, longValue, floatValue, doubleValue, booleanValue, stringValue } = metric;
  // Both fields are seen in the wild for every width: https://github.com/eclipse-tahu/tahu/issues/76
  const whole = longValue?.toString() ?? intValue?.toString();
  if (datatype === undefined)
    return doubleValue ?? floatValue ?? booleanValue ?? stringValue ?? (whole === undefined ? undefined : Number(whole));
  const bits = SIGNED_BITS[datatype];
  if (bits !== undefined) return whole === undefined ? undefined : Number(BigInt.asIntN(bits, BigInt(whole)));
  if (UNSIGNED.has(datatype)) return whole === undefined ? undefined : Number(whole);
  if (datatype === FLOAT || datatype === DOUBLE) return doubleValue ?? floatValue;
  if (datatype === BOOLEAN) return booleanValue;
  return TEXT.has(datatype) ? stringValue : undefined;
}

const GOOD_QUALITY = 192;

/** §6.4.14: the property `Quality`, where a node sends it. */
export function isDoubtful({ properties }: SparkplugMetric): boolean {
  const set = properties && decodeProperties(properties);
  const at = set?.keys?.indexOf('Quality') ?? -1;
  if (at < 0) return false;
  const { intValue, longValue } = set?.values?.[at] ?? {};
  return (intValue ?? longValue?.toNumber() ?? GOOD_QUALITY) !== GOOD_QUALITY;
}
