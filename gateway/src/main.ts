import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInProcessBus, createRedisBus } from '@pulsegraph/kit/live-bus';
import { createLog } from '@pulsegraph/kit/log';
import { createRevocationList, httpRevocationSource } from '@pulsegraph/kit/revocations';
import { onSignals, shutDown } from '@pulsegraph/kit/shutdown';
import { createViewerSigner } from '@pulsegraph/kit/viewer';
import { loadEnv } from './env.js';
import { createGateway } from './gateway.js';
import { jwksFromUrl } from './identity/access-token.js';
import { supergraphFromFile, supergraphFromUrl } from './supergraph/source.js';
import { VERSION } from './version.js';

const BUILT_CLIENT = resolve(__dirname, '../../client/dist/browser');

async function main(): Promise<void> {
  const env = loadEnv();
  const log = createLog('gateway', env.logLevel);
  const bus = env.redisUrl ? createRedisBus({ url: env.redisUrl, log }) : createInProcessBus();
  const source = httpRevocationSource({ url: env.usersUrl, internalToken: env.internalToken });
  const revocations = createRevocationList({ source, bus, log });
  const gateway = createGateway({
    version: VERSION,
    log,
    supergraph: /^https?:/.test(env.supergraph) ? supergraphFromUrl(env.supergraph) : supergraphFromFile(env.supergraph),
    subgraphs: env.subgraphs,
    identity: { jwks: jwksFromUrl(env.jwksUrl), revocations, signViewer: createViewerSigner(env.viewerKey) },
    internalToken: env.internalToken,
    publicUrl: env.publicUrl,
    clientDir: env.clientDir ?? (existsSync(BUILT_CLIENT) ? BUILT_CLIENT : undefined),
    trustedProxies: env.trustedProxies,
    introspectionForStrangers: env.introspectionForStrangers,
  });
  // Not awaited: with users away, tokens are still verified, and readiness says degraded.
  void revocations.start();
  const port = await gateway.start(env.port);
  log.info({ port }, 'Gateway is listening');

  onSignals(async () => {
    const steps = [
      { name: 'gateway', run: () => gateway.stop(env.shutdownGraceMs / 2) },
      { name: 'revocations', run: () => revocations.stop() },
      { name: 'bus', run: () => bus.close() },
    ];
    await shutDown(steps, env.shutdownGraceMs, log);
  }, log);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
