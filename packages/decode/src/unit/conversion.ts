import { ucumOf } from '@pulsegraph/contracts';
import { parseUnit } from './ucum.js';

export type Conversion = (value: number) => number;

const MAX_REMEMBERED = 1000;
const remembered = new Map<string, Conversion | null>();

/**
 * How to turn a value in `from`, as a device wrote it, into the UCUM unit `to`; null when the two measure different
 * things or one is unknown. Results carry 12 significant digits, so that 72.5 °F is 22.5 °C, not 22.500000000000057.
 */
export function conversionBetween(from: string, to: string): Conversion | null {
  const key = `${from}\n${to}`;
  let conversion = remembered.get(key);
  if (conversion === undefined) {
    conversion = build(ucumOf(from), to);
    // Devices choose the key, so it must not grow for ever; starting again is cheap.
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, conversion);
  }
  return conversion;
}

const same: Conversion = (value) => value;

function build(from: string, to: string): Conversion | null {
  if (from === to) return same;
  const source = parseUnit(from);
  const target = parseUnit(to);
  if (!source || !target || source.dimension.some((power, i) => power !== target.dimension[i])) return null;
  const factor = source.factor / target.factor;
  const offset = (source.offset - target.offset) / target.factor;
  if (factor === 1 && offset === 0) return same;
  return (value) => Number((value * factor + offset).toPrecision(12));
}
