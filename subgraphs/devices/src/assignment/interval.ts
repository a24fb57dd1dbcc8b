import { errors } from '@pulsegraph/kit/errors';

/** Clocks of callers run a little ahead: what they call now is now. */
const CLOCK_TOLERANCE_MS = 60_000;

/** When an assignment begins: now, or an instant in the past. */
export function beginAt(from: Date | null | undefined, now: Date): Date {
  return notInTheFuture(from, now, 'from');
}

/**
 * When something ends: now, or an instant in the past, but after everything in `begun`.
 * @throws BAD_USER_INPUT naming `at`.
 */
export function endAt(at: Date | null | undefined, now: Date, begun: readonly Date[]): Date {
  const end = notInTheFuture(at, now, 'at');
  const latest = Math.max(...begun.map((instant) => instant.getTime()));
  if (end.getTime() > latest) return end;
  // Begun in this very millisecond: an interval must have a length.
  if (!at && end.getTime() === latest) return new Date(latest + 1);
  throw errors.badUserInput('at', `must lie after ${new Date(latest).toISOString()}, when this began`);
}

function notInTheFuture(instant: Date | null | undefined, now: Date, path: string): Date {
  if (!instant) return now;
  if (instant.getTime() > now.getTime() + CLOCK_TOLERANCE_MS) throw errors.badUserInput(path, 'must not lie in the future');
  return instant < now ? instant : now;
}
