export interface Limits {
  normalMin: number | null;
  normalMax: number | null;
  alertMin: number | null;
  alertMax: number | null;
}

export type Level = 'normal' | 'high' | 'low' | 'above-limit' | 'below-limit';

/** Where a value lies against its band and limits; the limits win. */
export function levelOf(value: number | null, limits: Limits): Level {
  if (value === null) return 'normal';
  if (limits.alertMax !== null && value > limits.alertMax) return 'above-limit';
  if (limits.alertMin !== null && value < limits.alertMin) return 'below-limit';
  if (limits.normalMax !== null && value > limits.normalMax) return 'high';
  if (limits.normalMin !== null && value < limits.normalMin) return 'low';
  return 'normal';
}

export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  normal: '',
  high: '▲ high',
  low: '▼ low',
  'above-limit': '▲ above limit',
  'below-limit': '▼ below limit',
};

/** Width of the band that decides how many decimals are worth showing; null when the profile gives none. */
export function spanOf({ normalMin, normalMax, alertMin, alertMax }: Limits): number | null {
  const low = normalMin ?? alertMin;
  const high = normalMax ?? alertMax;
  return low !== null && high !== null && high > low ? high - low : null;
}
