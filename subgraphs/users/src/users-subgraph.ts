import type { ApiKeyVerification, Contact } from '@pulsegraph/contracts';
import { audited, type AuditSink } from '@pulsegraph/kit/audit';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { Mailer } from '@pulsegraph/kit/mail';
import { createDataSource, migrate, sqlOf } from '@pulsegraph/kit/postgres';
import type { RevocationSource } from '@pulsegraph/kit/revocations';
import { createSealer } from '@pulsegraph/kit/sealing';
import type { Subgraph, SubgraphRequest } from '@pulsegraph/kit/subgraph';
import { createViewerVerifier } from '@pulsegraph/kit/viewer';
import type { JSONWebKeySet } from 'jose';
import type { BootstrapService } from './bootstrap/bootstrap.service.js';
import type { UsersContext } from './context.js';
import { entities } from './entities.js';
import { migrations } from './migrations/index.js';
import { createOrganizationLoader } from './organization/organization.loader.js';
import { usersRoutes } from './routes.js';
import { buildUsersSchema } from './schema.js';
import { containerOf, createServices } from './services.js';
import { createUserLoader } from './user/user.loader.js';

const MAINTENANCE_EVERY_MS = 3_600_000;

export interface UsersSubgraphOptions {
  /** Connects as `users_migrator`; schema and roles are there (`provisionDatabase`). */
  databaseUrl: string;
  bus: LiveBus;
  log: Log;
  internalToken: string;
  /** The gateway's: the first signs, all verify. */
  viewerKeys: readonly string[];
  /** Encrypt TOTP secrets: the first seals, all open. Without any, a key is kept in the database. */
  dataKeys?: readonly string[];
  /** Sends invitations and password resets. Without one, inviting is refused and resets are logged as not sent. */
  mailer?: Mailer | null;
  /** Where people open the dashboard; default http://localhost:4000. */
  publicUrl?: string;
  /** The clock, for tests. */
  now?: () => Date;
}

export interface UsersSubgraph extends Subgraph {
  createContext(request: SubgraphRequest): UsersContext;
  /** Public halves of the access-token keys, for a gateway in the same process. Over HTTP: `/.well-known/jwks.json`. */
  jwks(): Promise<JSONWebKeySet>;
  /** Makes a new key the signer once verifiers have had time to learn it. */
  rotateSigningKey(): Promise<void>;
  /** Null for a key that is unknown, revoked or over. Over HTTP: `POST /internal/api-keys/verify`. */
  verifyApiKey(secret: string): Promise<ApiKeyVerification | null>;
  /** Active people of the organization. Over HTTP: `POST /internal/contacts`. */
  contactsOf(organizationId: string, userIds: readonly string[]): Promise<Contact[]>;
  readonly revocationSource: RevocationSource;
  /** Where the other subgraphs' records belong. Over HTTP: `POST /internal/audit`. */
  readonly auditSink: AuditSink;
  ensureDemoOrganization: BootstrapService['ensureDemoOrganization'];
  ensureFirstAdmin: BootstrapService['ensureFirstAdmin'];
}

/** Runs migrations, connects, and makes sure there is a signing key: ready to serve when it resolves. */
export async function createUsersSubgraph(options: UsersSubgraphOptions): Promise<UsersSubgraph> {
  const {
    databaseUrl,
    bus,
    log,
    internalToken,
    viewerKeys,
    dataKeys = [],
    mailer = null,
    publicUrl = 'http://localhost:4000',
    now = () => new Date(),
  } = options;
  await migrate(databaseUrl, 'users', migrations);
  const [api, service] = await Promise.all([
    createDataSource({ databaseUrl, owner: 'users', kind: 'api' }, entities),
    createDataSource({ databaseUrl, owner: 'users', kind: 'service' }, entities),
  ]);
  const sealer = await createSealer({ databaseUrl, owner: 'users', secrets: dataKeys });
  const services = createServices({ api, service, sealer, mailer, publicUrl, bus, log, now });
  await services.keys.ensure();
  const verifyViewer = createViewerVerifier(viewerKeys);
  let timer: NodeJS.Timeout | undefined;
  let maintenance = Promise.resolve();

  const maintain = (first: boolean) => {
    // Keys change with the process alone.
    maintenance = (first ? services.reseal() : Promise.resolve())
      .then(() => services.maintain())
      .catch((error: unknown) => log.error({ err: error }, 'Maintenance failed; it is tried again in an hour'));
  };

  const subgraph: UsersSubgraph = {
    name: 'users',
    schema: buildUsersSchema(containerOf(services.resolvers)),
    createContext({ viewerHeader, requestId, clientAddress, userAgent }) {
      const viewer = verifyViewer(viewerHeader);
      const organizationId = viewer?.organizationId ?? null;
      return {
        viewer,
        requestId,
        client: { address: clientAddress ?? null, userAgent: userAgent ?? null },
        self: new Set(viewer?.subject?.kind === 'USER' ? [viewer.subject.id] : []),
        loaders: {
          user: createUserLoader(services.users, organizationId, requestId),
          organization: createOrganizationLoader(api, organizationId, requestId),
        },
      };
    },
    routes: usersRoutes({
      keys: services.keys,
      feed: services.feed,
      apiKeys: services.apiKeys,
      auditTrail: services.auditTrail,
      users: services.users,
      internalToken,
    }),
    checks: [
      { name: 'postgres', check: async () => void (await Promise.all([api.query('select 1'), service.query('select 1')])) },
      // Without the bus revocations still arrive, by polling.
      { name: 'bus', check: () => bus.ping(), optional: true },
    ],
    start() {
      maintain(true);
      timer = setInterval(() => maintain(false), MAINTENANCE_EVERY_MS);
      timer.unref();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      await Promise.all([maintenance, services.settled()]);
      await Promise.all([api.destroy(), service.destroy()]);
    },
    jwks: () => services.keys.jwks(),
    rotateSigningKey: () => services.keys.rotate(),
    verifyApiKey: (secret) => services.apiKeys.verify(secret),
    contactsOf: (organizationId, userIds) => services.users.contactsOf(organizationId, userIds),
    revocationSource: { fetch: (since) => services.feed.fetch(since) },
    auditSink: services.auditTrail,
    ensureDemoOrganization: (demo) => services.bootstrap.ensureDemoOrganization(demo),
    ensureFirstAdmin: (admin) => services.bootstrap.ensureFirstAdmin(admin),
  };
  return audited(subgraph, { owner: 'users', api: sqlOf(api), service: sqlOf(service), sink: services.auditTrail, log });
}
