import { z } from 'zod';

const variables = z.object({
  PUBLIC_URL: z.url().default('http://localhost:4000'),
  MQTT_PUBLIC_URL: z.string().optional(),
  SIMULATOR: z.enum(['factory', 'ward', 'all']).default('all'),
  SIMULATOR_EMAIL: z.string().default('admin@demo.test'),
  DEMO_PASSWORD: z.string().optional(),
  DATA_DIR: z.string().default('./.data'),
  SEED: z.coerce.number().int().default(1),
});

/** What a person's shell may say; flags win over it. */
export function loadEnv(source: NodeJS.ProcessEnv = process.env) {
  const env = variables.parse(Object.fromEntries(Object.entries(source).filter(([, value]) => value !== '')));
  return Object.freeze({
    url: env.PUBLIC_URL,
    mqttUrl: env.MQTT_PUBLIC_URL,
    fleet: env.SIMULATOR,
    email: env.SIMULATOR_EMAIL,
    password: env.DEMO_PASSWORD,
    dataDir: env.DATA_DIR,
    seed: env.SEED,
  });
}
