import type { Log } from '@pulsegraph/kit/log';
import { LogFullError, type EventLog } from '@pulsegraph/kit/event-log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { NextFunction, Request, Response } from 'express';
import type { Appender } from '../batch/appender.js';
import type { Pressure } from '../batch/pressure.js';
import { heapBytesOf, type Intake } from '../intake/intake.js';
import type { Identity } from '../listener/device-connection.js';
import type { DeviceTokens } from './device-tokens.js';
import type { ReadBody } from './readings-body.js';

export interface DeliveryOptions {
  tokens: DeviceTokens;
  eventLog: EventLog;
  appender: Appender;
  pressure: Pressure;
  intake: Intake;
  projection: RegistryProjection;
  rawRetentionDays: number;
  log: Log;
}

/** How a route says no. */
export type Refuse = (response: Response, status: number, error: string, retryAfterSeconds?: number) => void;

/** Whoever may not, or comes at a bad time, is told before the body is read. The device is in `response.locals.bearer` then. */
export function admit({ tokens, projection, appender, pressure }: DeliveryOptions, scheme: 'Bearer' | 'Token', refuse: Refuse) {
  const pattern = scheme === 'Bearer' ? /^Bearer (\S+)$/i : /^(?:Token|Bearer) (\S+)$/i;
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!projection.ready) return refuse(response, 503, 'The device registry is not loaded yet.', 1);
    const token = pattern.exec(request.headers.authorization ?? '')?.[1];
    const bearer = token === undefined ? null : tokens.find(token);
    if (!bearer) {
      response.set('WWW-Authenticate', scheme);
      return refuse(response, 401, `Send the device's token: Authorization: ${scheme} …`);
    }
    if (pressure.high || appender.failing) return refuse(response, 429, 'More arrives than can be stored.', 1);
    response.locals.bearer = bearer;
    next();
  };
}

export function bearerOf(response: Response): Identity {
  return response.locals.bearer as Identity;
}

/** @returns True when all of it is in the log; otherwise the sender has been told. */
export async function deliver(
  body: ReadBody,
  response: Response,
  { intake, pressure, eventLog, log }: DeliveryOptions,
  refuse: Refuse,
): Promise<boolean> {
  intake.count('http', body.decoded);
  const weight = heapBytesOf(body.records);
  pressure.add(weight);
  try {
    if (body.records.length > 0) await eventLog.append(body.records);
    return true;
  } catch (error) {
    if (error instanceof LogFullError) {
      refuse(response, 429, 'More arrives than can be stored.', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
    } else {
      log.error({ err: error }, 'The event log did not take readings that came over HTTP');
      refuse(response, 503, 'The event log does not answer; nothing was stored.', 5);
    }
    return false;
  } finally {
    pressure.release(weight);
  }
}
