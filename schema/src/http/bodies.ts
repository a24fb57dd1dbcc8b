import { z } from 'zod';
import { RIGHTS } from '../key/publish-key.js';
import { WEBHOOK_EVENTS } from '../webhook/webhook.repository.js';

const MAX_SDL_CHARACTERS = 4_000_000;
const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be lower case letters, digits, - and _, beginning with a letter');
const words = z.string().trim().max(500);
const coordinate = z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}$/, 'must be Type, Type.field or Type.field.argument');

export const subgraphName = name;
export const settingsShape = {
  windowDays: z.number().int().min(1).max(365).optional(),
  busiest: z.number().int().min(0).max(1_000).optional(),
  maxExtraHops: z.number().int().min(0).max(20).nullable().optional(),
};
export const checkBody = z.object({
  sdl: z.string().min(1, 'must not be empty').max(MAX_SDL_CHARACTERS),
  url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  author: words.min(1),
  commit: words.default(''),
  ...settingsShape,
});
export const publishBody = checkBody.extend({ base: z.number().int().min(0), message: words.default('') });
export const rollbackBody = z.object({
  to: z.number().int().positive().nullable().default(null),
  reason: words.min(1),
  author: words.min(1),
});
export const approvalBody = z.object({
  changeId: z.string().regex(/^[0-9a-f]{12}$/, 'must be the id that a check shows, twelve hex digits'),
  reason: words.min(1),
  days: z.number().int().min(1).max(90).default(14),
  author: words.min(1),
});
export const contractBody = z
  .object({ include: z.array(name).default([]), exclude: z.array(name).default([]) })
  .refine(({ include, exclude }) => include.length + exclude.length > 0, 'name at least one tag');
export const contractName = name;
export const documentsBody = z.object({
  client: words.min(1).max(64),
  clientVersion: words.min(1).max(64),
  documents: z.array(z.string().max(200_000)).min(1).max(10_000),
});
export const releaseBody = documentsBody.omit({ documents: true });
export const keyBody = z.object({
  name: words.min(1),
  team: words.min(1),
  rights: z.array(z.enum(RIGHTS)),
  subgraphs: z.array(z.union([name, z.literal('*')])).default([]),
});
export const ownersBody = z.record(coordinate, words.min(1));
export const webhookBody = z.object({
  url: z.url({ protocol: /^https?$/ }),
  events: z
    .array(z.enum(WEBHOOK_EVENTS))
    .min(1)
    .default([...WEBHOOK_EVENTS]),
});
export const usageQuery = z.object({
  view: z.enum(['field', 'client', 'fields', 'unused', 'deprecated', 'gateways', 'releases']),
  coordinate: coordinate.optional(),
  windowDays: z.coerce.number().int().min(1).max(365).default(30),
});
export const versionPair = z.object({ from: z.coerce.number().int().positive(), to: z.coerce.number().int().positive() });
export const limitQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });
export const versionQuery = z.object({ version: z.coerce.number().int().positive().optional() });
