import { createLog } from '@pulsegraph/kit/log';
import { onSignals, shutDown } from '@pulsegraph/kit/shutdown';
import { VERSION } from '@pulsegraph/kit/version';
import { loadServiceEnv } from './env.js';
import { publishRelease } from './registry/publish-release.js';
import { createRegistryService } from './registry-service.js';

async function main(): Promise<void> {
  const env = loadServiceEnv();
  const log = createLog('registry', env.logLevel);
  const service = await createRegistryService({ ...env, version: VERSION, log });
  if (env.publishRelease) await publishRelease(service.registry, VERSION, log);
  const port = await service.listen(env.port);
  log.info({ port }, 'Schema registry is listening');
  onSignals(async () => void (await shutDown([{ name: 'registry', run: () => service.close() }], env.shutdownGraceMs, log)), log);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
