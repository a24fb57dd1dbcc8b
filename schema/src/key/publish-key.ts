import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { DomainError, errors } from '@pulsegraph/kit/errors';
import type { Sql } from '../store/store.js';

export const RIGHTS = ['publish', 'approve', 'documents', 'rollback', 'admin'] as const;
export type Right = (typeof RIGHTS)[number];

/** Who calls the registry. Everybody with a key may read and check. */
export interface KeyHolder {
  name: string;
  team: string;
  rights: readonly Right[];
  /** Whose schema it may publish; `*` is every one. */
  subgraphs: readonly string[];
}

const ADMIN: KeyHolder = { name: 'admin', team: 'admin', rights: RIGHTS, subgraphs: ['*'] };
const PREFIX = 'pgr_';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const isEqual = (a: string, b: string) => timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)));

/** @throws UNAUTHENTICATED */
export async function holderOf(sql: Sql, authorization: string | undefined, adminKey: string): Promise<KeyHolder> {
  const secret = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  if (!secret) throw new DomainError('UNAUTHENTICATED', 'Send a key of the registry: Authorization: Bearer pgr_…');
  if (isEqual(secret, adminKey)) return ADMIN;
  const [holder] = await sql.rows<KeyHolder & { name: string }>(
    'select name, team, rights, subgraphs from publish_key where hash = $1 and revoked_at is null',
    [hashOf(secret)],
  );
  if (!holder) throw new DomainError('UNAUTHENTICATED', 'This key is unknown to the registry, or was revoked.');
  return holder;
}

/** @throws FORBIDDEN with what the key may do. */
export function requireRight(holder: KeyHolder, right: Right, subgraph?: string): void {
  const { rights, subgraphs, name } = holder;
  if (!rights.includes(right) && !rights.includes('admin')) {
    throw new DomainError('FORBIDDEN', `The key "${name}" has no right to ${right}; it may ${rights.join(', ') || 'only read and check'}.`);
  }
  if (subgraph !== undefined && !subgraphs.includes('*') && !subgraphs.includes(subgraph)) {
    throw new DomainError('FORBIDDEN', `The key "${name}" may ${right} ${subgraphs.join(', ') || 'no subgraph'}, not "${subgraph}".`);
  }
}

export interface NewKey {
  name: string;
  team: string;
  rights: readonly Right[];
  subgraphs: readonly string[];
}

/** The secret is shown once; only its hash is kept. */
export async function addKey(sql: Sql, { name, team, rights, subgraphs }: NewKey): Promise<{ id: string; secret: string }> {
  const secret = `${PREFIX}${randomBytes(24).toString('base64url')}`;
  const id = randomUUID();
  await sql.rows('insert into publish_key (id, name, team, rights, subgraphs, hash) values ($1, $2, $3, $4, $5, $6)', [
    id,
    name,
    team,
    rights,
    subgraphs,
    hashOf(secret),
  ]);
  return { id, secret };
}

export async function revokeKey(sql: Sql, id: string): Promise<void> {
  const revoked = await sql.rows('update publish_key set revoked_at = now() where id = $1 and revoked_at is null returning id', [id]);
  if (revoked.length === 0) throw errors.notFound('key');
}
