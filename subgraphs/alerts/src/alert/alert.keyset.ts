import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Keyset } from '@pulsegraph/kit/pagination';
import type { Alert } from './alert.entity.js';

/** @throws BAD_USER_INPUT for a cursor that no alert gave. */
export function checkedKeyset(keyset: Keyset): [number, string, string] {
  const [rank, raisedAt, id] = keyset;
  const valid = typeof rank === 'number' && typeof raisedAt === 'string' && !Number.isNaN(Date.parse(raisedAt)) && typeof id === 'string';
  if (!valid || !isUuid(id)) throw errors.badUserInput('after', 'is no cursor of this list');
  return [rank, raisedAt, id];
}

/** Where a page after this alert begins, in any order. */
export const keysetOf = (alert: Alert): Keyset => [alert.severityRank, alert.raisedAt.toISOString(), alert.id];
