import { createHmac, timingSafeEqual } from 'node:crypto';
import { ROLES, type Viewer } from '@pulsegraph/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';

/** A signed viewer lives this long; the gateway signs anew before it ends. */
export const VIEWER_LIFETIME_MS = 60_000;

const signedViewer = z.object({
  organizationId: z.uuid(),
  organizationKey: z.string(),
  role: z.enum(ROLES),
  subject: z.object({ kind: z.enum(['USER', 'API_KEY']), id: z.string(), name: z.string(), sessionId: z.string().nullable() }).nullable(),
  expiresAtMs: z.number(),
});

const mac = (key: string, body: string) => createHmac('sha256', key).update(body).digest();

/** The gateway's side. HMAC, because a public-key signature per fetch would cost more than the request. */
export function createViewerSigner(key: string, now: () => number = Date.now) {
  // One signature serves every fetch of a viewer for half its life; signing per fetch would be the hot path's largest cost.
  const cache = new LRUCache<string, { signed: string; renewAtMs: number }>({ max: 10_000 });
  return (viewer: Viewer): string => {
    const identity = JSON.stringify([viewer.organizationId, viewer.organizationKey, viewer.role, viewer.subject]);
    const cached = cache.get(identity);
    if (cached && cached.renewAtMs > now()) return cached.signed;
    const body = Buffer.from(JSON.stringify({ ...viewer, expiresAtMs: now() + VIEWER_LIFETIME_MS })).toString('base64url');
    const signed = `${body}.${mac(key, body).toString('base64url')}`;
    cache.set(identity, { signed, renewAtMs: now() + VIEWER_LIFETIME_MS / 2 });
    return signed;
  };
}

/**
 * A subgraph's side: null for an absent header, and a thrown ForgedViewerError for one that is wrong or expired.
 * Two keys are accepted during a rotation. The verdict is cached per string.
 */
export function createViewerVerifier(keys: readonly string[], now: () => number = Date.now) {
  const cache = new LRUCache<string, { viewer: Viewer; expiresAtMs: number }>({ max: 10_000 });
  return (header: string | undefined): Viewer | null => {
    if (!header) return null;
    const cached = cache.get(header);
    if (cached) {
      if (cached.expiresAtMs <= now()) throw new ForgedViewerError('expired');
      return cached.viewer;
    }
    const [body = '', signature = ''] = header.split('.');
    const given = Buffer.from(signature, 'base64url');
    const valid = keys.some((key) => {
      const expected = mac(key, body);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    if (!valid) throw new ForgedViewerError('signature');
    const { expiresAtMs, ...viewer } = signedViewer.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    if (expiresAtMs <= now()) throw new ForgedViewerError('expired');
    cache.set(header, { viewer, expiresAtMs });
    return viewer;
  };
}

export type ViewerVerifier = ReturnType<typeof createViewerVerifier>;
export type ViewerSigner = ReturnType<typeof createViewerSigner>;

/** Somebody other than the gateway is calling, or clocks have drifted apart. */
export class ForgedViewerError extends Error {
  override readonly name = 'ForgedViewerError';
  constructor(readonly why: 'signature' | 'expired') {
    super(why === 'expired' ? 'The viewer context has expired.' : 'The viewer context is not signed by the gateway.');
  }
}
