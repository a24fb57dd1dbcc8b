import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { KnownGateway } from './known-gateway.js';

const ROOT = resolve(__dirname, '../../..');
const CLI = resolve(ROOT, 'gateway/dist/cli.js');

/** The gateway of this repository, as `npm run gateway` starts it. */
export function ours(environment: Readonly<Record<string, string | undefined>>): KnownGateway {
  return {
    title: 'Pulsegraph',
    setup: '`npm run gateway -- --supergraph FILE --no-auth`; for the sessions without `--no-auth`',
    async prepare() {
      if (!existsSync(CLI)) throw new Error('The gateway is not built: npm run build.');
      return (JSON.parse(await readFile(resolve(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
    },
    command: ({ supergraph, port, auth }) => ({
      program: process.execPath,
      args: [CLI, '--supergraph', supergraph, '--port', String(port), ...(auth ? [] : ['--no-auth'])],
      cwd: ROOT,
      env: {
        ...environment,
        LOG_LEVEL: 'warn',
        ...(auth && {
          USERS_URL: auth.issuerUrl,
          JWKS_URL: auth.jwksUrl,
          VIEWER_KEY: 'a-viewer-key-for-the-conformance-suite',
          INTERNAL_TOKEN: 'an-internal-token-for-the-conformance-suite',
          PUBLIC_URL: `http://127.0.0.1:${port}`,
        }),
      },
    }),
    tokens: {
      algorithm: 'EdDSA',
      claims: {
        issuer: 'pulsegraph',
        audience: 'pulsegraph',
        subject: '0b7a4f0e-6f0e-4c6b-8a52-30d0f1a4c201',
        more: { org: '6f1f0a52-4f2c-4d53-9d0f-0f5b8f1f2a01', orgKey: 'conformance', role: 'OPERATOR', sid: 'conformance', name: 'Suite' },
      },
    },
    settleMs: 3_000,
  };
}
