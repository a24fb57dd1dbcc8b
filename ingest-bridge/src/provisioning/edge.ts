import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { hashToken, identityOf } from '../listener/credential-check.js';
import type { MqttListener } from '../listener/mqtt-listener.js';
import type { BrokerProvisioning } from './broker-provisioning.js';

/** A credential that has just been made. The only time that its token leaves the devices subgraph. */
export interface NewCredential {
  /** `{organization}/{device}`. */
  username: string;
  token: string;
  organizationId: string;
  deviceId: string;
  /** Of the registry feed: the change that holds the credential's hash. */
  revision: number;
  /** How long the device's earlier token goes on working at our own listener; an external broker ends it at once. */
  graceMs?: number;
}

/** The MQTT edge as the devices subgraph sees it: over HTTP, or in process in standalone. */
export interface Edge {
  /** Resolves when the device can connect with this token. Rejects with EdgeError; then nothing was let in. */
  accept(credential: NewCredential): Promise<void>;
  /** Resolves when nobody can connect under this user name, and nobody is. The registry must have been told before. */
  revoke(username: string): Promise<void>;
}

export class EdgeError extends Error {
  override readonly name = 'EdgeError';
}

const REGISTRY_MS = 5_000;

export interface EdgeOptions {
  projection: RegistryProjection;
  listener: MqttListener | null;
  provisioning: BrokerProvisioning | null;
}

export function createEdge({ projection, listener, provisioning }: EdgeOptions): Edge {
  const reach = async (revision: number) => {
    try {
      await projection.waitFor(revision, REGISTRY_MS);
    } catch (error) {
      throw new EdgeError(`The bridge did not hear of registry revision ${revision} within ${REGISTRY_MS} ms.`, { cause: error });
    }
  };
  return {
    async accept({ username, token, deviceId, revision }) {
      await reach(revision);
      const tokenHash = hashToken(token);
      const identity = identityOf(projection, username, tokenHash);
      if (typeof identity === 'string' || identity.deviceId !== deviceId) {
        throw new EdgeError(`The registry has no such credential for ${username} at revision ${revision}.`);
      }
      await provision(() => provisioning?.put(username, tokenHash, token));
    },
    async revoke(username) {
      await untilClosed(projection, username);
      await provision(() => provisioning?.remove(username));
      listener?.disconnect(username, 'REVOKED');
    },
  };
}

async function provision(work: () => Promise<void> | undefined): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new EdgeError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Resolves when the registry, as the bridge knows it, lets nobody in under this name. */
function untilClosed(projection: RegistryProjection, username: string): Promise<void> {
  const open = () =>
    projection.credentialsOf(username).some(({ tokenHash }) => typeof identityOf(projection, username, tokenHash) !== 'string');
  if (!open()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = projection.onChange(() => {
      if (open()) return;
      end();
      resolve();
    });
    const timer = setTimeout(() => {
      end();
      reject(new EdgeError(`The registry still lets ${username} in after ${REGISTRY_MS} ms.`));
    }, REGISTRY_MS);
    const end = () => {
      clearTimeout(timer);
      stop();
    };
  });
}
