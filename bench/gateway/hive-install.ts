import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MANIFEST = {
  name: 'hive-gateway-for-bench',
  private: true,
  dependencies: { '@graphql-hive/gateway': '2.15.1', '@graphql-hive/router-runtime': '1.4.23', graphql: '16.15.0' },
  // What it asks for is not in every registry yet.
  overrides: { '@graphql-tools/batch-execute': '10.2.0' },
};

/** No logging of requests, and none of the sharing that the comparison leaves out everywhere. */
const CONFIG = `export const gatewayConfig = {
  logging: 'warn',
  inboundInflightRequestDeduplication: false,
  transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } },
};
`;

/** Hive Gateway in a folder of its own outside the repository; kept for the next run. @returns The folder. */
export function installHive(): string {
  const manifest = JSON.stringify(MANIFEST, null, 2);
  const folder = join(tmpdir(), `pulsegraph-bench-hive-${createHash('sha256').update(manifest).digest('hex').slice(0, 8)}`);
  const done = join(folder, 'installed');
  if (!existsSync(done)) {
    console.log(`Installing Hive Gateway into ${folder} …`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), manifest);
    const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' });
    if (status !== 0) throw new Error(`npm install in ${folder} failed; run the bench with --without hive.`);
    writeFileSync(done, '');
  }
  writeFileSync(join(folder, 'gateway.config.mjs'), CONFIG);
  return folder;
}

export const HIVE_VERSIONS = MANIFEST.dependencies;
