import type { LogRecord } from '@pulsegraph/contracts';
import { MAX_MESSAGE_BYTES, MAX_READINGS_PER_MESSAGE } from '@pulsegraph/decode';
import { LogFullError, type EventLog } from '@pulsegraph/kit/event-log';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Appender } from '../batch/appender.js';
import type { Pressure } from '../batch/pressure.js';
import { heapBytesOf, type Intake } from '../intake/intake.js';
import type { Identity } from '../listener/device-connection.js';
import type { DeviceTokens } from './device-tokens.js';
import { readBody } from './readings-body.js';

export interface IngestRouterOptions {
  tokens: DeviceTokens;
  eventLog: EventLog;
  appender: Appender;
  pressure: Pressure;
  intake: Intake;
  projection: RegistryProjection;
  rawRetentionDays: number;
  log: Log;
}

/** `POST /ingest/v1/readings`, the same rules as MQTT. 2xx only when the readings are in the log. */
export function ingestRouter(options: IngestRouterOptions): Router {
  const router = express.Router();
  // Whoever may not, or comes at a bad time, is told before the body is read.
  router.post('/ingest/v1/readings', admit(options), express.raw({ type: () => true, limit: MAX_MESSAGE_BYTES }), take(options));
  router.use('/ingest/v1/readings', (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = (error as { status?: unknown }).status;
    if (status === 413)
      refuse(response, 413, `At most ${MAX_MESSAGE_BYTES} bytes and ${MAX_READINGS_PER_MESSAGE} readings in one request.`);
    else if (typeof status === 'number' && status < 500) refuse(response, status, (error as Error).message);
    else next(error);
  });
  return router;
}

function admit({ tokens, projection, appender, pressure }: IngestRouterOptions) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!projection.ready) return refuse(response, 503, 'The device registry is not loaded yet.', 1);
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const bearer = token === undefined ? null : tokens.find(token);
    if (!bearer) {
      response.set('WWW-Authenticate', 'Bearer');
      return refuse(response, 401, "Send the device's token: Authorization: Bearer …");
    }
    if (!request.is('application/json')) return refuse(response, 415, 'Content-Type must be application/json.');
    if (pressure.high || appender.failing) return refuse(response, 429, 'More arrives than can be stored.', 1);
    response.locals.bearer = bearer;
    next();
  };
}

function take({ projection, rawRetentionDays, intake, eventLog, pressure, log }: IngestRouterOptions) {
  return async (request: Request, response: Response): Promise<void> => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const context = { projection, rawRetentionDays, receivedAtUs: intake.nowUs() };
    const body = readBody(bytes, response.locals.bearer as Identity, context);
    if (body.forbidden) return refuse(response, 403, body.forbidden);
    if (body.tooMany) return refuse(response, 413, `At most ${MAX_READINGS_PER_MESSAGE} readings in one request.`);
    intake.count('http', body.decoded);
    const weight = heapBytesOf(body.records);
    pressure.add(weight);
    try {
      await append(eventLog, body.records);
    } catch (error) {
      if (error instanceof LogFullError)
        return refuse(response, 429, 'More arrives than can be stored.', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
      log.error({ err: error }, 'The event log did not take readings that came over HTTP');
      return refuse(response, 503, 'The event log does not answer; nothing was stored.', 5);
    } finally {
      pressure.release(weight);
    }
    response.status(body.accepted > 0 ? 202 : 400).json({ accepted: body.accepted, rejected: body.rejected });
  };
}

async function append(eventLog: EventLog, records: readonly LogRecord[]): Promise<void> {
  if (records.length > 0) await eventLog.append(records);
}

function refuse(response: Response, status: number, error: string, retryAfterSeconds?: number): void {
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  response.status(status).json({ error });
}
