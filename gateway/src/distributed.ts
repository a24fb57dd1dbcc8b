import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInProcessBus, createRedisBus } from '@pulsegraph/kit/live-bus';
import { createLog } from '@pulsegraph/kit/log';
import { createRevocationList, httpRevocationSource } from '@pulsegraph/kit/revocations';
import { closeRedis, connectRedis } from '@pulsegraph/kit/redis';
import { onSignals, shutDown } from '@pulsegraph/kit/shutdown';
import { startTracing } from '@pulsegraph/kit/tracing';
import { VERSION } from '@pulsegraph/kit/version';
import { createViewerSigner } from '@pulsegraph/kit/viewer';
import { loadEnv } from './env.js';
import { createGateway } from './gateway.js';
import { RateLimiter } from './limits/rate-limiter.js';
import { redisBuckets } from './limits/redis-buckets.js';
import { jwksFromUrl } from './identity/access-token.js';
import { apiKeysFromUrl } from './identity/api-key.js';
import type { TrustedDocuments } from './operation/trusted-set.js';
import { supergraphFromRegistry } from './supergraph/registry-source.js';
import { supergraphFromFile, supergraphFromUrl, type SupergraphSource } from './supergraph/source.js';

const BUILT_CLIENT = resolve(__dirname, '../../client/dist/browser');

/** What the command line may say instead of the environment. */
export interface DistributedOverrides {
  port?: number;
  supergraph?: SupergraphSource;
  trustedDocuments?: TrustedDocuments;
  /** For a supergraph of others: its own URLs, not the `*_URL`s of ours. */
  everySubgraphFromSupergraph?: boolean;
}

/** The gateway as a process of its own, configured by the environment. Ends with the process's signals. */
export async function startDistributed(overrides: DistributedOverrides = {}): Promise<void> {
  const env = loadEnv();
  await startTracing('gateway');
  const log = createLog('gateway', env.logLevel);
  const bus = env.redisUrl ? createRedisBus({ url: env.redisUrl, log }) : createInProcessBus();
  const source = httpRevocationSource({ url: env.usersUrl, internalToken: env.internalToken });
  const revocations = createRevocationList({ source, bus, log });
  const fromRegistry =
    env.registry && !overrides.supergraph
      ? supergraphFromRegistry({
          url: env.registry.url,
          token: env.internalToken,
          publicKey: env.registry.publicKey,
          cacheFile: env.registry.cacheFile,
        })
      : null;
  // Commands fail at once while Redis is away: nobody waits for a count.
  const rateRedis = env.redisUrl && env.rateLimits ? connectRedis(env.redisUrl, { log, options: { enableOfflineQueue: false } }) : null;
  const gateway = createGateway({
    version: VERSION,
    log,
    supergraph:
      overrides.supergraph ??
      fromRegistry ??
      (/^https?:/.test(env.supergraph) ? supergraphFromUrl(env.supergraph) : supergraphFromFile(env.supergraph)),
    subgraphs: overrides.everySubgraphFromSupergraph ? {} : env.subgraphs,
    identity: {
      jwks: jwksFromUrl(env.jwksUrl),
      apiKeys: apiKeysFromUrl(env.usersUrl, env.internalToken),
      revocations,
      signViewer: createViewerSigner(env.viewerKey),
    },
    internalToken: env.internalToken,
    publicUrl: env.publicUrl,
    clientDir: env.clientDir ?? (existsSync(BUILT_CLIENT) ? BUILT_CLIENT : undefined),
    trustedDocuments: overrides.trustedDocuments,
    ...(fromRegistry &&
      env.registry && {
        usage: {
          registryUrl: env.registry.url,
          internalToken: env.internalToken,
          intervalMs: env.registry.usageIntervalMs,
          sample: env.registry.usageSample,
          servedVersion: () => fromRegistry.servedVersion,
        },
        ...(env.registry.trustedOnly && { documents: { only: 'published', from: fromRegistry, escapeRoles: env.registry.escapeRoles } }),
      }),
    trustedProxies: env.trustedProxies,
    rates: env.rateLimits ? new RateLimiter(env.rateLimits, rateRedis && redisBuckets(rateRedis)) : undefined,
    allowedOrigins: env.allowedOrigins,
    introspectionForStrangers: env.introspectionForStrangers,
  });
  // Not awaited: with users away, tokens are still verified, and readiness says degraded.
  void revocations.start();
  const port = await gateway.start(overrides.port ?? env.port);
  log.info({ port }, 'Gateway is listening');

  onSignals(async () => {
    const steps = [
      { name: 'gateway', run: () => gateway.stop(env.shutdownGraceMs / 2) },
      { name: 'revocations', run: () => revocations.stop() },
      { name: 'bus', run: () => bus.close() },
      { name: 'rate limits', run: async () => void (rateRedis && (await closeRedis(rateRedis))) },
    ];
    await shutDown(steps, env.shutdownGraceMs, log);
  }, log);
}
