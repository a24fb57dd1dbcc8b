import { provisionDatabase } from '@pulsegraph/kit/postgres';
import { loadProvisionEnv } from './env.js';

// One-shot container of docker-compose.yml: makes schemas and roles, with the superuser that no other part gets to see.
const { adminUrl, subgraphs } = loadProvisionEnv();
provisionDatabase({ adminUrl, subgraphs }).catch((error: unknown) => {
  process.stderr.write(`The database could not be provisioned: ${(error as Error).message}\n`);
  process.exit(1);
});
