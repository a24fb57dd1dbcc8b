import type { TokenClaims } from '../suite/token-issuer.js';
import type { Command } from './gateway-process.js';

export interface Start {
  /** The supergraph file. */
  supergraph: string;
  port: number;
  /** Where tokens are checked; null: nobody is asked who they are. */
  auth: { issuerUrl: string; jwksUrl: string } | null;
}

/** A gateway that the suite can start by itself. */
export interface KnownGateway {
  /** In the report. */
  title: string;
  /** How it was set up; in the report. */
  setup: string;
  /** Fetches what is needed. @returns its version. */
  prepare(): Promise<string>;
  command(start: Start): Command | Promise<Command>;
  tokens: { algorithm: 'EdDSA' | 'RS256'; claims: TokenClaims };
  /** Longer than it takes to look at the supergraph file. */
  settleMs: number;
}
