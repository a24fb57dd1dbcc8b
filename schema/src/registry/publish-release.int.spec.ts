import { silentLog } from '@pulsegraph/kit/log';
import { testDatabase } from '@pulsegraph/testkit';
import { createRegistryService, type RegistryService } from '../registry-service.js';
import { aSigningKey } from '../testing/test-registry.js';
import { graphHistory } from '../version/version.repository.js';
import { publishRelease } from './publish-release.js';

const db = testDatabase('registry');
let service: RegistryService;
beforeAll(async () => {
  const secret = 'a-secret-of-the-registry-in-these-tests';
  service = await createRegistryService({
    version: 'test',
    log: silentLog,
    databaseUrl: db.url,
    internalToken: secret,
    adminKey: secret,
    signingKey: aSigningKey(),
  });
});
afterAll(() => service?.close());

describe('a release', () => {
  it('is published at the first start, and not again at the next, nor after a rollback', async () => {
    const { registry } = service;
    await publishRelease(registry, '1.2.0', silentLog);
    const [newest] = await graphHistory(registry.store, 1);
    expect(newest).toMatchObject({ version: 4, commit: '1.2.0', subgraphs: { alerts: 1, devices: 1, telemetry: 1, users: 1 } });
    await publishRelease(registry, '1.2.0', silentLog);
    const admin = { name: 'admin', team: 'admin', rights: ['admin'] as const, subgraphs: ['*'] };
    await registry.rollback(admin, { to: 3, reason: 'a trial', author: 'Ada' });
    await publishRelease(registry, '1.2.0', silentLog);
    expect(await graphHistory(registry.store, 1)).toMatchObject([{ version: 5, kind: 'rollback' }]);
  });
});
