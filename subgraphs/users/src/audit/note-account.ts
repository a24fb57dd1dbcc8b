import { noteForAudit } from '@pulsegraph/kit/audit';
import type { UsersContext } from '../context.js';
import type { Account } from '../user/account.repository.js';

/** Whose account a stranger has named, so that the attempt stands in that organization's trail. Null for nobody's. */
export function noteAccount(context: UsersContext, account: Account | null): void {
  if (account) noteForAudit(context, { organizationId: account.organization.id, subject: { type: 'User', id: account.user.id } });
}
