export { DEMO_ACCOUNTS, DEMO_ORGANIZATION, type EnsuredOrganization, type FirstAdmin } from './bootstrap/bootstrap.service.js';
export { buildUsersSchema } from './schema.js';
export { ACCESS_TOKEN_LIFETIME_MS, TOKEN_ISSUER } from './token/access-token.js';
export { createUsersSubgraph, type UsersSubgraph, type UsersSubgraphOptions } from './users-subgraph.js';
