import type { SignedInClient } from '../client/graphql-client.js';

/** A whole running Pulsegraph, however it was started. */
export interface Stack {
  /** Of the gateway: `http://127.0.0.1:port`. */
  readonly url: string;
  readonly mqttUrl: string;
  readonly password: string;
  signIn(account: 'admin' | 'engineer' | 'operator' | 'clinician' | 'viewer'): Promise<SignedInClient>;
  stop(): Promise<void>;
}
