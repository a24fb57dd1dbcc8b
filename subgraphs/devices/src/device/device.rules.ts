import { DEVICE_KEY } from '@pulsegraph/contracts';
import { z } from 'zod';
import { nameText, PLAIN_TEXT } from '../profile/profile.rules.js';
import type { Label } from './device.entity.js';

/** One transaction and one answer hold them all. */
export const MAX_REGISTRATIONS = 1_000;

const labelRules = z.object({
  key: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, 'must have 1 to 63 letters, digits or . _ / -'),
  value: z.string().max(200, 'must not be longer than 200 characters').regex(PLAIN_TEXT, 'must not hold control characters'),
});

const MAX_LABELS = 64;
const labels = z
  .array(labelRules)
  .max(MAX_LABELS, `must not be more than ${MAX_LABELS}`)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.forEach(({ key }, index) => {
      if (seen.has(key)) context.addIssue({ code: 'custom', path: [index, 'key'], message: 'is given twice' });
      seen.add(key);
    });
  })
  .transform((list) => list.toSorted((a, b) => (a.key < b.key ? -1 : 1)))
  .nullish();

const id = z.string().nullish();

export const registrationRules = z.object({
  key: z.string().regex(DEVICE_KEY, 'must have 1 to 64 letters, digits or . _ -'),
  name: nameText,
  profileId: z.string(),
  assetId: id,
  labels,
});

export const registrationsRules = z.array(registrationRules).max(MAX_REGISTRATIONS, `must not be more than ${MAX_REGISTRATIONS} rows`);
export type Registration = z.output<typeof registrationRules>;

/** Absent stays; null clears what can be empty. */
export const updateRules = z.object({
  name: nameText.optional(),
  profileId: z.string('must not be cleared').optional(),
  assetId: id,
  labels,
});

/**
 * What a device says of itself, by the same rules as for people; what breaks them is left out.
 * @returns Null when nothing changes.
 */
export function withReported(labels: readonly Label[], reported: ReadonlyMap<string, string>): Label[] | null {
  const merged = new Map(labels.map(({ key, value }) => [key, value]));
  let isChanged = false;
  for (const [key, value] of reported) {
    if (merged.get(key) === value || !labelRules.safeParse({ key, value }).success) continue;
    if (!merged.has(key) && merged.size >= MAX_LABELS) continue;
    merged.set(key, value);
    isChanged = true;
  }
  return isChanged ? [...merged].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1)) : null;
}
