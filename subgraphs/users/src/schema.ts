import { buildFederatedSchema } from '@pulsegraph/kit/subgraph';
import type { GraphQLSchema } from 'graphql';
import type { ContainerType } from 'type-graphql';
import type { UsersContext } from './context.js';
import { Organization } from './organization/organization.entity.js';
import { ApiKeyResolver } from './api-key/api-key.resolver.js';
import { AuditResolver } from './audit/audit.resolver.js';
import { InvitationResolver } from './invitation/invitation.resolver.js';
import { PasswordResetResolver } from './password-reset/password-reset.resolver.js';
import { PasswordResolver } from './password/password.resolver.js';
import { PersonalDataResolver } from './personal-data/personal-data.resolver.js';
import { SecondFactorResolver } from './second-factor/second-factor.resolver.js';
import { SessionListResolver } from './session/session-list.resolver.js';
import { SessionResolver } from './session/session.resolver.js';
import { UserAdminResolver } from './user/user-admin.resolver.js';
import { UserResolver } from './user/user.resolver.js';
import { ViewerResolver } from './viewer/viewer.resolver.js';

const unserved: ContainerType = {
  get: () => {
    throw new Error('This schema was built to be printed; it has no services.');
  },
};

/** @param container Holds the resolvers. Without one the schema can be printed and composed, not executed. */
export function buildUsersSchema(container: ContainerType = unserved): GraphQLSchema {
  return buildFederatedSchema<UsersContext>({
    resolvers: [
      ApiKeyResolver,
      AuditResolver,
      InvitationResolver,
      PasswordResetResolver,
      PasswordResolver,
      PersonalDataResolver,
      SecondFactorResolver,
      SessionListResolver,
      SessionResolver,
      UserAdminResolver,
      UserResolver,
      ViewerResolver,
    ],
    orphanedTypes: [Organization],
    container,
    references: {
      User: ({ id }, { loaders }) => loaders.user.load(id),
      Organization: ({ id }, { loaders }) => loaders.organization.load(id),
    },
  });
}
