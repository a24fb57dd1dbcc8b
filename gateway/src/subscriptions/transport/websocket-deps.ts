import type { IncomingMessage } from 'node:http';
import type { Log } from '@pulsegraph/kit/log';
import type { ClientOrigin } from '../../http/client-origin.js';
import type { Origins } from '../../http/origins.js';
import type { Identity } from '../../identity/identity.js';
import type { GatewayLimits } from '../../limits/limits.js';
import type { Engine } from '../../operation/engine.js';
import type { RequestResolver } from '../../operation/request-resolver.js';
import type { LiveEngine } from '../live-engine.js';
import type { SessionHolder, SessionKeeper } from './session-keeper.js';
import type { WriteCoalescer } from './write-coalescer.js';

export interface WebSocketServerOptions {
  path: string;
  origins: Origins;
  engine: Engine;
  requests: RequestResolver;
  live: LiveEngine;
  identity: Identity;
  sessions: SessionKeeper;
  limits: GatewayLimits;
  coalescer: WriteCoalescer;
  /** A client that answers no ping for twice this long is gone. */
  pingMs: number;
  log: Log;
  originOf: (request: IncomingMessage) => ClientOrigin;
  openConnections: () => number;
}

export interface WebSocketDeps extends WebSocketServerOptions {
  onClosed: (connection: SessionHolder) => void;
}
