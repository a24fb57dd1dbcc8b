import { randomUUID } from 'node:crypto';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Aedes, AedesOptions, Client } from 'aedes' with { 'resolution-mode': 'import' };
import type { DeviceTokens } from '../http/device-tokens.js';
import { checkCredential } from './credential-check.js';
import type { DeviceConnection, Identity, Refusal } from './device-connection.js';
import { mayPublishWill, maySubscribe } from './own-topics.js';

export interface SessionHooks {
  projection: RegistryProjection;
  tokens: DeviceTokens;
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
export async function createSessionBroker({ projection, tokens, log, signedIn, refused, will }: SessionHooks): Promise<Aedes> {
  const lastingSessions = new Map<string, Set<string>>();
  const signInOf = (username: string, password: Uint8Array | undefined): Identity | Refusal => {
    if (username && password?.length) return checkCredential(projection, username, password);
    if (!username) return 'NO_USERNAME';
    // The way of ThingsBoard: the token is the user name.
    return projection.ready ? (tokens.find(username) ?? 'NO_USERNAME') : 'REGISTRY_NOT_READY';
  };

  const options: AedesOptions = {
    connectTimeout: 10_000,
    // Client ids carry the user name in front; 23 characters was a limit of MQTT 3.1.
    maxClientsIdLength: 65_535,

    preConnect(client, packet, done) {
      const connection = connectionOf(client);
      const { username = '', password, will } = packet;
      connection.signIn = signInOf(username, password);
      if (typeof connection.signIn !== 'string' && will && !mayPublishWill(connection.signIn, will.topic))
        connection.signIn = 'FOREIGN_WILL';
      // Packets of the hot path do not reach aedes, so its timer would fire on busy devices; the listener keeps time.
      connection.keepaliveMs = (packet.keepalive ?? 0) * 1000;
      packet.keepalive = 0;
      // A client id is the device's own affair: another device with the same one must not take its session over.
      const name = typeof connection.signIn === 'string' ? 'nobody' : connection.signIn.username;
      packet.clientId = `${name}|${packet.clientId || randomUUID()}`;
      // Sessions of devices that are away live in memory, so a device may have a few, not any number.
      if (!packet.clean && typeof connection.signIn !== 'string') {
        const known = lastingSessions.get(name) ?? new Set();
        lastingSessions.set(name, known);
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
      // Without a password, the name may be somebody's token.
      refused(signIn === 'NO_USERNAME' ? '' : (username ?? ''), signIn);
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
