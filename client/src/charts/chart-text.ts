import { formatAge, formatInstant, formatNumber } from '../core/format';
import type { Limits } from '../core/metric-level';
import type { ChartView } from './chart';

/** What a chart shows, in a sentence or three: for those who do not see it. */
export function describeChart(
  name: string,
  unit: string,
  { columns, window, gaps }: ChartView,
  decimals: number,
  nowMs: number,
  { alertMin, alertMax }: Limits,
): string {
  const stretch = `${formatAge(window.toMs - window.fromMs)} to ${formatInstant(window.toMs, nowMs)}`;
  let lowest = -1;
  let highest = -1;
  let last = -1;
  columns.avg.forEach((value, i) => {
    if (value === null) return;
    if (lowest < 0 || columns.min[i]! < columns.min[lowest]!) lowest = i;
    if (highest < 0 || columns.max[i]! > columns.max[highest]!) highest = i;
    last = i;
  });
  if (last < 0) return `${name}, ${stretch}: no readings.`;
  const value = (n: number): string => `${formatNumber(n, decimals)}${unit ? ` ${unit}` : ''}`;
  const min = columns.min[lowest]!;
  const max = columns.max[highest]!;
  const sentences = [
    `${name}, ${stretch}: lowest ${value(min)} at ${formatInstant(columns.at[lowest]!, nowMs)}, highest ${value(max)} at ` +
      `${formatInstant(columns.at[highest]!, nowMs)}, last ${value(columns.avg[last]!)}.`,
  ];
  if (alertMax !== null && max > alertMax) sentences.push(`Went above the limit of ${value(alertMax)}.`);
  if (alertMin !== null && min < alertMin) sentences.push(`Went below the limit of ${value(alertMin)}.`);
  if (gaps.length > 0) {
    const missingMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    sentences.push(`${gaps.length === 1 ? 'One gap' : `${gaps.length} gaps`} without data, ${formatAge(missingMs)} in all.`);
  }
  return sentences.join(' ');
}
