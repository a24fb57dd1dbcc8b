import { createArtifactSigner } from '@pulsegraph/kit/artifact';
import { createHttpService } from '@pulsegraph/kit/http';
import type { Log } from '@pulsegraph/kit/log';
import { createPool, migrate } from '@pulsegraph/kit/postgres';
import { roleUrl } from '@pulsegraph/kit/postgres';
import express, { type Request } from 'express';
import { Artifacts } from './artifact/artifacts.js';
import { GraphWatch } from './artifact/graph-watch.js';
import { errorAnswers } from './http/answers.js';
import { artifactRoutes } from './http/artifact-routes.js';
import { registryRoutes } from './http/registry-routes.js';
import { usageRoutes } from './http/usage-routes.js';
import { holderOf as findHolder } from './key/publish-key.js';
import { migrations } from './migrations/index.js';
import { Registry } from './registry/registry.js';
import { Store } from './store/store.js';
import { dropUsageBefore } from './usage/usage.repository.js';
import { WebhookSender } from './webhook/webhook-sender.js';

export interface RegistryServiceOptions {
  version: string;
  log: Log;
  /** Connects as `registry_migrator`; schema and roles are there (`provisionDatabase`). */
  databaseUrl: string;
  internalToken: string;
  /** May do everything, and makes the other keys. */
  adminKey: string;
  /** Ed25519, PKCS #8 DER in base64. */
  signingKey: string;
  usageRetentionDays?: number;
}

export interface RegistryService {
  readonly registry: Registry;
  listen(port: number, host?: string): Promise<number>;
  close(): Promise<void>;
}

const MAINTENANCE_EVERY_MS = 3_600_000;
const DEFAULT_RETENTION_DAYS = 90;

/** Migrates, then answers. @throws when the database or the signing key cannot be used. */
export async function createRegistryService(options: RegistryServiceOptions): Promise<RegistryService> {
  const { databaseUrl, log, version, internalToken, adminKey, signingKey, usageRetentionDays = DEFAULT_RETENTION_DAYS } = options;
  const sign = createArtifactSigner(signingKey);
  await migrate(databaseUrl, 'registry', migrations);
  const pool = createPool({ databaseUrl, owner: 'registry', kind: 'api' }, (error) =>
    log.warn({ err: error }, 'A database connection broke'),
  );
  const store = new Store(pool);
  const registry = new Registry(store, log);
  const watch = new GraphWatch(roleUrl(databaseUrl, 'registry', 'api'), log);
  await watch.start();
  const webhooks = new WebhookSender(store, log);
  const artifacts = new Artifacts(store, sign);

  const database = { name: 'database', check: async () => void (await pool.query('select 1')) };
  const http = createHttpService({ version, log, checks: [database] });
  const holderOf = (request: Request) => findHolder(store, request.headers.authorization, adminKey);
  http.app.use(express.json({ limit: '32mb' }));
  http.app.use('/v1', artifactRoutes({ artifacts, watch, internalToken, holderOf }));
  http.app.use('/v1', usageRoutes({ registry, internalToken, holderOf }));
  http.app.use('/v1', registryRoutes({ registry, holderOf, onChange: () => webhooks.soon() }));
  http.app.use(
    (_request, response) =>
      void response.status(404).json({ error: { code: 'NOT_FOUND', message: 'There is nothing at this address.', details: {} } }),
  );
  http.app.use(errorAnswers(log));

  webhooks.start();
  const maintain = () =>
    void dropUsageBefore(store, usageRetentionDays).catch((error: unknown) => log.error({ err: error }, 'Old usage could not be dropped'));
  const maintenance = setInterval(maintain, MAINTENANCE_EVERY_MS);
  maintenance.unref();
  return {
    registry,
    listen: (port, host) => http.listen(port, 'PORT', host),
    async close() {
      clearInterval(maintenance);
      // First: it lets go of the long polls, which would keep the server open.
      await watch.stop();
      await http.close();
      await webhooks.stop();
      await pool.end();
    },
  };
}
