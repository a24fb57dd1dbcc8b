// Prints fresh secrets for docker-compose.yml: `node deploy/env.mjs > .env`. Keep the file; losing it loses every session.
import { generateKeyPairSync, randomBytes } from 'node:crypto';

const names = [
  'POSTGRES_PASSWORD',
  'USERS_DATABASE_PASSWORD',
  'DEVICES_DATABASE_PASSWORD',
  'TELEMETRY_DATABASE_PASSWORD',
  'ALERTS_DATABASE_PASSWORD',
  'REGISTRY_DATABASE_PASSWORD',
  'REGISTRY_ADMIN_KEY',
  'REDIS_PASSWORD',
  'MOSQUITTO_ADMIN_PASSWORD',
  'VIEWER_KEY',
  'DATA_KEY',
  'INTERNAL_TOKEN',
  'ADMIN_PASSWORD',
];
for (const name of names) console.log(`${name}=${randomBytes(24).toString('hex')}`);
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
console.log(`REGISTRY_SIGNING_KEY=${privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')}`);
console.log(`REGISTRY_PUBLIC_KEY=${publicKey.export({ format: 'der', type: 'spki' }).toString('base64')}`);
console.log('ADMIN_EMAIL=admin@example.com\nPUBLIC_URL=http://localhost:4000\nMQTT_PUBLIC_URL=mqtt://localhost:1883\nDEMO=off');
