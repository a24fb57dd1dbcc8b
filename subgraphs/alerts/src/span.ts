import { errors } from '@pulsegraph/kit/errors';

export const DAY_MS = 86_400_000;
const LONGEST_DAYS = 400;

/** @throws BAD_USER_INPUT for a span of history that is empty or longer than 400 days. */
export function checkSpan(from: Date, to: Date): void {
  if (to <= from) throw errors.badUserInput('to', 'must lie after from');
  if (to.getTime() - from.getTime() > LONGEST_DAYS * DAY_MS) {
    throw errors.badUserInput('to', `must lie within ${LONGEST_DAYS} days of from`);
  }
}
