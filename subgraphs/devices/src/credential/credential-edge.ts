/** What the MQTT edge is told, so that the device can sign in the moment its owner has the token. */
export interface EdgeCredential {
  username: string;
  token: string;
  organizationId: string;
  deviceId: string;
  /** The registry feed holds the credential from this revision on. */
  revision: number;
  /** How long older tokens of this user name go on working, milliseconds. */
  graceMs: number;
}

/** The MQTT edge: the bridge's listener or the broker it provisions. */
export interface CredentialEdge {
  /** Resolves when a device can sign in with it. */
  accept(credential: EdgeCredential, signal: AbortSignal): Promise<void>;
  /** Resolves when no device can sign in under this name, and those that were are gone. The feed says so from `revision` on. */
  revoke(username: string, revision: number, signal: AbortSignal): Promise<void>;
}

export interface HttpCredentialEdgeOptions {
  /** BRIDGE_URL. */
  bridgeUrl: string;
  internalToken: string;
}

/** The bridge as a process of its own: 204 means done. */
export function createHttpCredentialEdge({ bridgeUrl, internalToken }: HttpCredentialEdgeOptions): CredentialEdge {
  const headers = { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' };
  const ask = async (method: 'POST' | 'DELETE', path: string, signal: AbortSignal, body?: unknown) => {
    const response = await fetch(new URL(path, bridgeUrl), {
      method,
      headers,
      signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    if (response.status !== 204) throw new Error(`The bridge answered ${response.status} to ${method} ${path}`);
  };
  return {
    accept: (credential, signal) => ask('POST', '/internal/credentials', signal, credential),
    revoke: (username, revision, signal) =>
      ask('DELETE', `/internal/credentials/${encodeURIComponent(username)}?revision=${revision}`, signal),
  };
}
