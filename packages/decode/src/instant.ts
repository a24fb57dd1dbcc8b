const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Whole microseconds since 1970 of epoch milliseconds (a fraction is kept) or of RFC 3339 text with a zone; finer digits
 * are cut off. Undefined for anything else, and for what a double cannot hold to the microsecond.
 */
export function instantUs(value: unknown): number | undefined {
  if (typeof value === 'number') return exact(Math.round(value * 1000));
  return typeof value === 'string' ? textInstantUs(value) : undefined;
}

function textInstantUs(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match;
  // RFC 3339 §5.7: 60 is a leap second; it falls on the first instant of the next minute.
  if (+hour! > 23 || +minute! > 59 || +second! > 60 || +zoneHour > 23 || +zoneMinute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(+year!, +month! - 1, +day!);
  // Day 31 of a shorter month would roll over.
  if (date.getUTCMonth() !== +month! - 1 || date.getUTCDate() !== +day!) return undefined;
  const zoneMinutes = (sign === '-' ? -1 : 1) * (+zoneHour * 60 + +zoneMinute);
  const ms = date.setUTCHours(+hour!, +minute! - zoneMinutes, +second!);
  return exact(ms * 1000 + +fraction.slice(0, 6).padEnd(6, '0'));
}

function exact(us: number): number | undefined {
  return Number.isSafeInteger(us) ? us : undefined;
}
