import type { Sealer } from '@pulsegraph/kit/sealing';
import type { Pool } from 'pg';
import { generateVAPIDKeys } from 'web-push';
import type { PushIdentity } from '../transport/web-push.js';

const PLACE = 'push-identity';

/** Our keys towards push services (VAPID): made once, because a browser's registration holds for one key only. */
export async function ensurePushIdentity(pool: Pool, sealer: Sealer, subject: string): Promise<PushIdentity> {
  const { publicKey, privateKey } = generateVAPIDKeys();
  await pool.query('insert into push_identity (public_key, sealed) values ($1, $2) on conflict do nothing', [
    publicKey,
    sealer.seal(privateKey, PLACE),
  ]);
  const { rows } = await pool.query<{ public_key: string; sealed: string }>('select public_key, sealed from push_identity');
  return { publicKey: rows[0]!.public_key, privateKey: sealer.open(rows[0]!.sealed, PLACE), subject };
}
