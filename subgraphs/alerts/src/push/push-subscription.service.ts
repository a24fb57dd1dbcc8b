import { createHash } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { Sealer } from '@pulsegraph/kit/sealing';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { addressFault, type AddressPolicy } from '../notification/address-guard.js';
import { sqlOfManager } from '../sql.js';

const bytes = (length: number, what: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+=*$/, `must be ${what} in base64url`)
    .refine((text) => Buffer.from(text, 'base64url').length === length, `must be ${what} in base64url`);

const subscriptionRules = z.object({
  endpoint: z.url({ protocol: /^https?$/, error: 'must be an https address' }).max(1_000, 'must have at most 1000 characters'),
  p256dh: bytes(65, 'a public key of 65 bytes'),
  auth: bytes(16, 'a secret of 16 bytes'),
});

export const keysPlace = (id: string) => `push-subscription/${id}`;

export class PushSubscriptionService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly addresses: AddressPolicy,
    private readonly now: () => number = Date.now,
  ) {}

  /** Registers a browser, or hands it to whoever uses it now. @throws BAD_USER_INPUT; FORBIDDEN for an API key, which has no browser */
  async register(viewer: Viewer, given: { endpoint: string; p256dh: string; auth: string }): Promise<void> {
    const { kind, id: userId } = requireSubject(viewer);
    if (kind !== 'USER') throw errors.forbidden();
    const parsed = subscriptionRules.safeParse(given);
    if (!parsed.success) {
      const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
      throw errors.badUserInput(path.join('.'), message);
    }
    const { endpoint, p256dh, auth } = parsed.data;
    const fault = addressFault(endpoint, this.addresses);
    if (fault) throw errors.badUserInput('endpoint', fault);
    const { organizationId } = viewer;
    // The same browser has the same id, so that its keys stay sealed to their place when they change.
    const id = uuidOf(`${organizationId}/${endpoint}`);
    await inOrganization(this.dataSource, organizationId, (manager) =>
      sqlOfManager(manager)(
        `insert into push_subscription (id, organization_id, user_id, endpoint, sealed, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set user_id = excluded.user_id, sealed = excluded.sealed, created_at = excluded.created_at`,
        [id, organizationId, userId, endpoint, this.sealer.seal(JSON.stringify({ p256dh, auth }), keysPlace(id)), new Date(this.now())],
      ),
    );
  }

  /** What a browser needs to subscribe; null until a notifier has run. */
  async publicKey(): Promise<string | null> {
    const [row] = await this.dataSource.query<{ public_key: string }[]>('select public_key from push_identity');
    return row?.public_key ?? null;
  }
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
