import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLog } from '@pulsegraph/kit/log';
import { onSignals } from '@pulsegraph/kit/shutdown';
import { startTracing } from '@pulsegraph/kit/tracing';
import { VERSION } from '@pulsegraph/kit/version';
import { USAGE, parseCli, type CliOptions } from './cli-options.js';
import { createGateway, type Gateway } from './gateway.js';
import type { TrustedDocuments } from './operation/trusted-set.js';
import { startDistributed } from './distributed.js';
import { supergraphFromFile, supergraphFromUrl } from './supergraph/source.js';

const LOOPBACK = '127.0.0.1';

async function main(): Promise<void> {
  const options = parseCli(process.argv.slice(2));
  if (options === 'help') return void process.stdout.write(USAGE);
  const source = /^https?:/.test(options.supergraph)
    ? supergraphFromUrl(options.supergraph, { pollMs: options.pollMs })
    : supergraphFromFile(options.supergraph);
  const trustedDocuments = options.trustedDocuments ? await readTrusted(options.trustedDocuments) : undefined;
  if (options.auth) {
    await startDistributed({ port: options.port, supergraph: source, trustedDocuments, everySubgraphFromSupergraph: true });
    return;
  }
  const log = createLog('gateway', 'warn');
  await startTracing('gateway');
  const gateway: Gateway = createGateway({
    version: VERSION,
    log,
    supergraph: source,
    subgraphs: {},
    identity: null,
    publicUrl: `http://localhost:${options.port}`,
    trustedDocuments,
    maskErrors: false,
  });
  const port = await gateway.start(options.port, LOOPBACK);
  process.stdout.write(`Gateway for ${options.supergraph} at http://${LOOPBACK}:${port}/graphql\n`);
  onSignals(() => gateway.stop(), log);
}

/** @throws when a key is not the hash of its document: a wrong file must not be taken for a right one. */
async function readTrusted(path: NonNullable<CliOptions['trustedDocuments']>): Promise<TrustedDocuments> {
  const entries = Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, string>);
  for (const [hash, document] of entries) {
    if (createHash('sha256').update(document).digest('hex') !== hash)
      throw new Error(`${path}: ${hash} is not the SHA-256 of its document.`);
  }
  return new Map(entries);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
