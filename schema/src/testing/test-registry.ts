import { generateKeyPairSync } from 'node:crypto';
import { publicKeyOf } from '@pulsegraph/kit/artifact';
import { silentLog } from '@pulsegraph/kit/log';
import { RegistryClient } from '../cli/registry-client.js';
import { createRegistryService, type RegistryService } from '../registry-service.js';
import { SMALL_GRAPH, SMALL_SUBGRAPHS, urlOfSmall } from './small-graph.js';

export const INTERNAL_TOKEN = 'internal-token-of-the-registry-in-tests';
const ADMIN_KEY = 'admin-key-of-the-registry-in-these-tests';

export const aSigningKey = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

/** A registry on a database of the test's own. */
export async function startTestRegistry(databaseUrl: string) {
  const signingKey = aSigningKey();
  const start = () =>
    createRegistryService({ version: 'test', log: silentLog, databaseUrl, internalToken: INTERNAL_TOKEN, adminKey: ADMIN_KEY, signingKey });
  let service: RegistryService = await start();
  const port = await service.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const admin = new RegistryClient(url, ADMIN_KEY);
  return {
    url,
    port,
    admin,
    publicKey: publicKeyOf(signingKey),
    signingKey,
    adminKey: ADMIN_KEY,
    /** Another person, with the key's rights only. */
    async as(key: { name: string; team?: string; rights: string[]; subgraphs?: string[] }) {
      const { secret } = await admin.addKey({ team: key.name, subgraphs: ['*'], ...key });
      return new RegistryClient(url, secret);
    },
    client: (key?: string) => new RegistryClient(url, key),
    async publish(subgraph: string, sdl: string, over: object = {}) {
      const { version } = await admin.current(subgraph);
      return admin.publish(subgraph, {
        sdl,
        url: urlOfSmall(subgraph),
        base: version,
        author: 'Ada',
        commit: 'c0ffee',
        message: 'a change',
        ...over,
      });
    },
    async publishSmallGraph() {
      for (const subgraph of SMALL_SUBGRAPHS) await this.publish(subgraph, SMALL_GRAPH[subgraph]);
    },
    report: (report: object) =>
      fetch(`${url}/v1/usage`, {
        method: 'POST',
        headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(report),
      }),
    /** Away, as in an outage; `back` is at the same address. */
    away: () => service.close(),
    async back() {
      service = await start();
      await service.listen(port, '127.0.0.1');
    },
    stop: () => service.close(),
  };
}
export type TestRegistry = Awaited<ReturnType<typeof startTestRegistry>>;
