import { silentLog } from '@pulsegraph/kit/log';
import { createRegistryService, type RegistryService } from '@pulsegraph/schema';
import { serveWorker } from '../worker/worker.js';

let service: RegistryService | undefined;

serveWorker({
  async start(options: { databaseUrl: string; internalToken: string; adminKey: string; signingKey: string }): Promise<string> {
    service = await createRegistryService({ version: 'bench', log: silentLog, ...options });
    return `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
  },
  stop: () => service?.close(),
});
