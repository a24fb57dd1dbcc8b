import { randomUUID } from 'node:crypto';
import { UPLINK_KINDS, parseDeviceTopic } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Aedes, AedesOptions, Client } from 'aedes' with { 'resolution-mode': 'import' };
import { checkCredential } from './credential-check.js';
import type { DeviceConnection, Identity, Refusal } from './device-connection.js';

export interface SessionHooks {
  projection: RegistryProjection;
  log: Log;
  signedIn(connection: DeviceConnection, identity: Identity): void;
  refused(username: string, refusal: Refusal): void;
  /** `done` when the will is in the log. */
  will(connection: DeviceConnection, topic: string, payload: Buffer, done: (error: Error | null) => void): void;
}

/** CONNACK return codes of MQTT 3.1.1 §3.2.2.3. */
const RETURN_CODE = { REGISTRY_NOT_READY: 3, BAD_CREDENTIAL: 4, NO_USERNAME: 4, RETIRED: 5, FOREIGN_WILL: 5 } as const;
const MAX_SUBSCRIPTIONS = 32;
const MAX_LASTING_SESSIONS_PER_DEVICE = 4;

function connectionOf(client: Client): DeviceConnection {
  return client.conn as unknown as DeviceConnection;
}

/** aedes, for what is not the way up: sign-in, sessions, subscriptions, retained messages, wills. */
export async function createSessionBroker({ projection, log, signedIn, refused, will }: SessionHooks): Promise<Aedes> {
  const lastingSessions = new Map<string, Set<string>>();

  const options: AedesOptions = {
    connectTimeout: 10_000,
    // Client ids carry the user name in front; 23 characters was a limit of MQTT 3.1.
    maxClientsIdLength: 65_535,

    preConnect(client, packet, done) {
      const connection = connectionOf(client);
      const { username = '', password, will } = packet;
      connection.signIn = username && password ? checkCredential(projection, username, password) : 'NO_USERNAME';
      if (typeof connection.signIn !== 'string' && will && !mayPublish(connection.signIn, will.topic)) connection.signIn = 'FOREIGN_WILL';
      // Packets of the hot path do not reach aedes, so its timer would fire on busy devices; the listener keeps time.
      connection.keepaliveMs = (packet.keepalive ?? 0) * 1000;
      packet.keepalive = 0;
      // A client id is the device's own affair: another device with the same one must not take its session over.
      packet.clientId = `${username}|${packet.clientId || randomUUID()}`;
      // Sessions of devices that are away live in memory, so a device may have a few, not any number.
      if (!packet.clean && typeof connection.signIn !== 'string') {
        const known = lastingSessions.get(username) ?? new Set();
        lastingSessions.set(username, known);
        if (known.size < MAX_LASTING_SESSIONS_PER_DEVICE || known.has(packet.clientId)) known.add(packet.clientId);
        else packet.clean = true;
      }
      done(null, true);
    },

    authenticate(client, username, _password, done) {
      const connection = connectionOf(client);
      const { signIn } = connection;
      if (typeof signIn !== 'string') {
        connection.identity = signIn;
        signedIn(connection, signIn);
        return done(null, true);
      }
      refused(username ?? '', signIn);
      done(Object.assign(new Error(signIn), { returnCode: RETURN_CODE[signIn] as number }), false);
    },

    authorizeSubscribe(client, subscription, done) {
      const connection = connectionOf(client);
      const allowed =
        connection.identity && maySubscribe(connection.identity, subscription.topic) && connection.filters.size < MAX_SUBSCRIPTIONS;
      if (!allowed) {
        log.info({ username: connection.identity?.username, filter: subscription.topic.slice(0, 200) }, 'A subscription was refused');
        return done(null, null);
      }
      connection.filters.add(subscription.topic);
      done(null, subscription);
    },

    // Devices' messages are taken before they reach aedes; what comes here is a will.
    authorizePublish(client, packet, done) {
      const connection = client && connectionOf(client);
      if (!connection?.identity) return done(new Error('not signed in'));
      will(connection, packet.topic, Buffer.from(packet.payload), done);
    },
  };

  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker(options);
  broker.on('connackSent', ({ returnCode }, client) => {
    if (returnCode === 0) connectionOf(client).admit();
  });
  broker.on('unsubscribe', (filters, client) => {
    for (const filter of filters) connectionOf(client).filters.delete(filter);
  });
  // Without listeners these would end the process; a connection that broke is no fault of ours.
  broker.on('clientError', (client, error) => log.debug({ client: client.id, reason: error.message }, 'A device connection ended'));
  broker.on('connectionError', (_client, error) => log.debug({ reason: error.message }, 'A connection ended before it signed in'));
  (broker as NodeJS.EventEmitter).on('error', (error: Error) => log.error({ err: error }, 'The session broker reports a fault'));
  return broker;
}

function mayPublish({ prefix }: Identity, topic: string): boolean {
  const kind = topic.startsWith(prefix) && parseDeviceTopic(topic)?.kind;
  return kind !== false && kind !== undefined && UPLINK_KINDS.has(kind);
}

/** Anything below the own prefix, except what only the device itself says: nothing would ever come. */
function maySubscribe({ prefix }: Identity, filter: string): boolean {
  if (!filter.startsWith(prefix)) return false;
  const topic = parseDeviceTopic(filter);
  return topic === null || topic.kind === 'status' || !UPLINK_KINDS.has(topic.kind);
}
