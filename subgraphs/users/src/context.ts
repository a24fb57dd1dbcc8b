import type { SubgraphContext } from '@pulsegraph/kit/subgraph';
import type { ClientTrace } from './client-trace.js';
import type { OrganizationLoader } from './organization/organization.loader.js';
import type { UserLoader } from './user/user.loader.js';

export interface UsersContext extends SubgraphContext {
  client: ClientTrace;
  /** Ids of the person this operation acts for; signing in adds the one whose password was right. */
  self: Set<string>;
  loaders: { user: UserLoader; organization: OrganizationLoader };
}
