import type { CredentialEntry } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { hashToken, identityOf } from '../listener/credential-check.js';
import type { Identity } from '../listener/device-connection.js';

/** Finds a device by its token alone: over HTTP there is no user name. */
export class DeviceTokens {
  private readonly usernames = new Map<string, string>();
  private readonly hashes = new Map<string, string>();
  private readonly stopWatching: () => void;

  constructor(private readonly projection: RegistryProjection) {
    this.rebuild();
    this.stopWatching = projection.onChange((changes, snapshot) => {
      if (snapshot) return this.rebuild();
      for (const change of changes) {
        if (change.kind === 'credential') this.put(change.id, change.value);
      }
    });
  }

  /** Null for a token that opens nothing now. */
  find(token: string): Identity | null {
    const hash = hashToken(token);
    // A look-up by a hash of 256 random bits tells a guesser nothing by its time.
    const username = this.usernames.get(hash);
    const identity = username === undefined ? 'BAD_CREDENTIAL' : identityOf(this.projection, username, hash);
    return typeof identity === 'string' ? null : identity;
  }

  close(): void {
    this.stopWatching();
  }

  private rebuild(): void {
    this.usernames.clear();
    this.hashes.clear();
    for (const organization of this.projection.organizations()) {
      for (const device of this.projection.devicesOf(organization.id)) {
        for (const credential of this.projection.credentialsOf(`${organization.key}/${device.key}`)) this.put(credential.id, credential);
      }
    }
  }

  private put(id: string, credential: CredentialEntry | null): void {
    const earlier = this.hashes.get(id);
    if (earlier !== undefined && earlier !== credential?.tokenHash) this.usernames.delete(earlier);
    if (credential) {
      this.hashes.set(id, credential.tokenHash);
      this.usernames.set(credential.tokenHash, credential.username);
    } else {
      this.hashes.delete(id);
    }
  }
}
