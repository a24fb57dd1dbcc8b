import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KnownGateway } from './known-gateway.js';

const VERSIONS = { '@graphql-hive/gateway': '2.15.1', '@graphql-hive/router-runtime': '1.4.23', graphql: '16.15.0' };

/** Hive Gateway from npm, in an install of its own, set up as its documentation says for subgraphs with graphql-ws. */
export function hive(environment: Readonly<Record<string, string | undefined>>, engine: 'javascript' | 'rust'): KnownGateway {
  const folder = join(tmpdir(), `conformance-hive-${VERSIONS['@graphql-hive/gateway']}`);
  const bin = join(folder, 'node_modules', '@graphql-hive', 'gateway', 'dist', 'bin.js');
  return {
    title: engine === 'rust' ? 'Hive Gateway, Rust engine' : 'Hive Gateway',
    setup: `\`hive-gateway supergraph FILE${engine === 'rust' ? ' --hive-router-runtime' : ''}\` with \`subscriptions: { kind: 'ws' }\` for every subgraph and \`gracefulSchemaReload\`; for the sessions with its JWT plugin`,
    async prepare() {
      if (!existsSync(join(folder, '.complete'))) {
        await mkdir(folder, { recursive: true });
        // Its range of batch-execute names a version that some registries do not have.
        const manifest = {
          name: 'conformance-hive',
          private: true,
          dependencies: VERSIONS,
          overrides: { '@graphql-tools/batch-execute': '10.2.0' },
        };
        await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
        await npmInstall(folder, environment);
        await writeFile(join(folder, '.complete'), '');
      }
      return VERSIONS['@graphql-hive/gateway'];
    },
    async command({ supergraph, port, auth }) {
      const config = join(folder, `gateway-${port}.config.mjs`);
      await writeFile(config, auth ? configWithTokens(auth.jwksUrl) : CONFIG);
      return {
        program: process.execPath,
        args: [
          bin,
          'supergraph',
          supergraph,
          ...['--host', '127.0.0.1', '--port', String(port), '--config-path', config],
          ...(engine === 'rust' ? ['--hive-router-runtime'] : []),
        ],
        cwd: folder,
        env: { ...environment, LOG_LEVEL: 'warn' },
      };
    },
    tokens: { algorithm: 'RS256', claims: { issuer: 'conformance', audience: 'conformance', subject: 'suite', more: {} } },
    settleMs: 4_000,
  };
}

const TRANSPORT = `transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },`;
/** Lets running queries finish on the supergraph they began with; it says of itself that subscriptions are not kept. */
const GRACEFUL = 'gracefulSchemaReload: { drainTimeout: 30_000 },';
const CONFIG = `export const gatewayConfig = { ${TRANSPORT} ${GRACEFUL} };\n`;

const configWithTokens = (jwksUrl: string) => `
import { createRemoteJwksSigningKeyProvider, extractFromConnectionParams, extractFromHeader } from '@graphql-hive/gateway';
export const gatewayConfig = {
  ${TRANSPORT}
  jwt: {
    signingKeyProviders: [createRemoteJwksSigningKeyProvider({ jwksUri: ${JSON.stringify(jwksUrl)} })],
    tokenLookupLocations: [
      extractFromHeader({ name: 'authorization', prefix: 'Bearer' }),
      (params) => {
        const found = extractFromConnectionParams({ name: 'authorization' })(params);
        return found && { ...found, token: found.token.replace(/^Bearer /, '') };
      },
    ],
    tokenVerification: { issuer: 'conformance', audience: 'conformance', algorithms: ['RS256'] },
    reject: { missingToken: true, invalidToken: true },
  },
};
`;

function npmInstall(folder: string, environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`npm install in ${folder} ended with ${code}.`))));
  });
}
