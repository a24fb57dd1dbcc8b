// Prints fresh secrets for docker-compose.yml: `node deploy/env.mjs > .env`. Keep the file; losing it loses every session.
import { randomBytes } from 'node:crypto';

const names = [
  'POSTGRES_PASSWORD',
  'USERS_DATABASE_PASSWORD',
  'DEVICES_DATABASE_PASSWORD',
  'TELEMETRY_DATABASE_PASSWORD',
  'ALERTS_DATABASE_PASSWORD',
  'REDIS_PASSWORD',
  'MOSQUITTO_ADMIN_PASSWORD',
  'VIEWER_KEY',
  'INTERNAL_TOKEN',
  'ADMIN_PASSWORD',
];
for (const name of names) console.log(`${name}=${randomBytes(24).toString('hex')}`);
console.log('ADMIN_EMAIL=admin@example.com\nPUBLIC_URL=http://localhost:4000\nMQTT_PUBLIC_URL=mqtt://localhost:1883\nDEMO=off');
