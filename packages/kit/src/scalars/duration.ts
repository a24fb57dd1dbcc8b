import { parse, serialize } from 'tinyduration';

const DAY_MS = 86_400_000;

/**
 * ISO 8601 duration → milliseconds. Months and years have no fixed length and are refused, as are negative durations.
 * @throws RangeError with a sentence for people.
 */
export function parseDurationMs(text: string): number {
  let parsed;
  try {
    parsed = parse(text);
  } catch {
    throw new RangeError(`"${text}" is no ISO 8601 duration, for example PT5M`);
  }
  if (parsed.negative) throw new RangeError('A duration cannot be negative');
  if (parsed.years || parsed.months) throw new RangeError('Years and months have no fixed length: use days or hours');
  const { weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = parsed;
  return Math.round(weeks * 7 * DAY_MS + days * DAY_MS + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000);
}

/** Milliseconds → ISO 8601, in the largest units that fit: 90,000 is `PT1M30S`. */
export function formatDurationMs(durationMs: number): string {
  if (durationMs === 0) return 'PT0S';
  return serialize({
    days: Math.floor(durationMs / DAY_MS),
    hours: Math.floor((durationMs % DAY_MS) / 3_600_000),
    minutes: Math.floor((durationMs % 3_600_000) / 60_000),
    seconds: (durationMs % 60_000) / 1_000,
  });
}
