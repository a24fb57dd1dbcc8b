import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import type { Log } from '../log/index.js';
import { collectProcessMetrics, metricsRegister } from '../metrics/index.js';
import { reportHealth, type HealthCheck } from './health.js';

export interface HttpServiceOptions {
  version: string;
  checks: readonly HealthCheck[];
  log: Log;
}

/** An express app with what every process has: `/health/live`, `/health/ready`, `/metrics`. Mount routes on `app`. */
export interface HttpService {
  readonly app: Express;
  readonly server: Server;
  /** @returns The port in use, which differs from the one asked for when that was 0. */
  listen(port: number, variable?: string, host?: string): Promise<number>;
  /** Stops accepting, lets running requests finish, closes idle connections. */
  close(): Promise<void>;
}

export function healthRoutes({ version, checks }: Pick<HttpServiceOptions, 'version' | 'checks'>): RequestHandler {
  collectProcessMetrics();
  const router = express.Router();
  router.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  router.get('/health/ready', async (_request, response) => {
    const report = await reportHealth(checks, version);
    response.status(report.status === 'unavailable' ? 503 : 200).json(report);
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metricsRegister.contentType).send(await metricsRegister.metrics());
  });
  return router;
}

export function createHttpService(options: HttpServiceOptions): HttpService {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(options));
  const server = createServer(app);
  return {
    app,
    server,
    listen: (port, variable = 'PORT', host) => listen(server, port, variable, host),
    close: () => closeServer(server),
  };
}

/** Connections that wait to be accepted, as far as the system lets us: after a restart, thousands come at once. */
const BACKLOG = 4_096;

/** Listens, or rejects with one sentence that names the variable to change. */
export function listen(server: Server, port: number, variable: string, host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new Error(`Port ${port} is taken: set ${variable} to a free port, or stop what uses it.`));
      else if (error.code === 'EACCES') reject(new Error(`Port ${port} may not be used by this user: set ${variable} to one above 1023.`));
      else reject(error);
    };
    server.once('error', onError);
    server.listen({ port, backlog: BACKLOG, ...(host && { host }) }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Rejects as `listen` would. Asked before the long part of a start, so that whoever chose the port hears of it at once. */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  const probe = createServer();
  await listen(probe, port, variable);
  await closeServer(probe);
}

const LET_GO_EVERY_MS = 50;

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!server.listening) return resolve();
    // Who keeps a connection for its next request would keep the server open with it.
    const letGo = setInterval(() => server.closeIdleConnections(), LET_GO_EVERY_MS);
    server.close((error) => {
      clearInterval(letGo);
      if (error) reject(error);
      else resolve();
    });
    server.closeIdleConnections();
  });
}
