import { parse, serialize } from 'tinyduration';
import { z } from 'zod';

/** One spelling for each length, as the platform gives it back: `PT90S` and `PT1M30S` are no difference. */
export const duration = z.string().transform((text, context) => {
  try {
    return canonical(text);
  } catch {
    context.addIssue({ code: 'custom', message: `"${text}" is no ISO 8601 duration, for example PT5M` });
    return z.NEVER;
  }
});

function canonical(text: string): string {
  const { weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0, years, months } = parse(text);
  // Months and years have no fixed length; the platform says so itself.
  if (years || months) return text;
  const total = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds;
  if (total === 0) return 'PT0S';
  return serialize({
    days: Math.floor(total / 86_400),
    hours: Math.floor((total % 86_400) / 3_600),
    minutes: Math.floor((total % 3_600) / 60),
    seconds: Math.round((total % 60) * 1_000) / 1_000,
  });
}
