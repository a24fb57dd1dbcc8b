import { compareSeverity, type Severity } from '@pulsegraph/contracts';

export interface QuietHours {
  /** `22:00`, by the clock of the time zone. */
  from: string;
  to: string;
  timeZone: string;
  /** What is worse comes through. */
  upTo: Severity;
}

const MINUTE_MS = 60_000;

export function isTimeZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/** When the quiet hours that hold this back end; null where nothing does. */
export function quietUntil(hours: QuietHours | undefined, severity: Severity, nowMs: number): number | null {
  if (!hours || compareSeverity(severity, hours.upTo) < 0) return null;
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
  const clock = clockOf(hours.timeZone);
  const isQuiet = (atMs: number) => {
    const minute = minuteOfDay(clock, atMs);
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
  };
  if (!isQuiet(nowMs)) return null;
  // By the minute, because a day may have 23 or 25 hours; the first guess is right on all other days.
  const wholeMinute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  let endMs = wholeMinute + ((to - minuteOfDay(clock, nowMs) + 1_440) % 1_440) * MINUTE_MS;
  while (endMs - MINUTE_MS > nowMs && !isQuiet(endMs - MINUTE_MS)) endMs -= MINUTE_MS;
  while (isQuiet(endMs)) endMs += MINUTE_MS;
  return endMs;
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

const minuteOfDay = (clock: Intl.DateTimeFormat, atMs: number) => minutesOf(clock.format(atMs));

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}
