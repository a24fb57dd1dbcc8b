import { unitSymbol } from '@pulsegraph/contracts';

const MINUS = '−';
const formats = new Map<number, Intl.NumberFormat>();

function fixed(decimals: number): Intl.NumberFormat {
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false });
    formats.set(decimals, format);
  }
  return format;
}

/** A number with the same decimals every time, so that digits keep their column; a dash for none. */
export function formatNumber(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return fixed(decimals).format(value).replace('-', MINUS);
}

/** Counts: 12,345. */
export function formatCount(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}

/**
 * Decimals that can mean anything: a hundredth of the usual span, about.
 * @param span Width of the normal or alert band; null when unknown.
 */
export function usefulDecimals(value: number, span: number | null): number {
  const reference = span ?? Math.abs(value);
  return reference >= 200 ? 0 : reference >= 15 ? 1 : reference >= 1.5 ? 2 : 3;
}

/** Decimals a value really has, up to three. */
export function decimalsOf(value: number): number {
  for (let decimals = 0; decimals < 3; decimals++) {
    const scaled = value * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return decimals;
  }
  return 3;
}

/** As many decimals as the value has, as far as they mean anything. */
export function decimalsFor(value: number, span: number | null): number {
  return Math.min(decimalsOf(value), usefulDecimals(value, span));
}

export { unitSymbol };

/** `83.2 °C`; words as they are. */
export function formatReading(reading: { value: number | null; text: string | null; unit: string }, span: number | null = null): string {
  if (reading.text !== null) return reading.text;
  if (reading.value === null) return '–';
  const unit = unitSymbol(reading.unit);
  return formatNumber(reading.value, decimalsFor(reading.value, span)) + (unit ? ` ${unit}` : '');
}

const UNITS: readonly [ms: number, letter: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A duration in its largest whole unit: `3 s`, `12 min`, `2 d`. */
export function formatAge(ms: number): string {
  const [size, letter] = UNITS.find(([unitMs]) => ms >= unitMs) ?? [1_000, 's'];
  return `${Math.max(0, Math.floor(ms / size))} ${letter}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Local time: the clock alone today, with the day otherwise. */
export function formatInstant(iso: string | number, nowMs: number): string {
  const at = new Date(iso);
  return at.toDateString() === new Date(nowMs).toDateString() ? clock.format(at) : day.format(at);
}

/** ENUM_VALUE → Enum value. */
export function words(constant: string): string {
  const text = constant.replaceAll('_', ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
