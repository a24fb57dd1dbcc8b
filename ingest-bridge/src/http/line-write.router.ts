import { LINE_PRECISIONS, MAX_MESSAGE_BYTES, MAX_READINGS_PER_MESSAGE, decodeLineProtocol, type LinePrecision } from '@pulsegraph/decode';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { admit, bearerOf, deliver, type DeliveryOptions } from './delivery.js';
import { readDecoded, type RejectedReading } from './readings-body.js';

const PATH = '/api/v2/write';
const TOLD_OF = 20;

/**
 * InfluxDB's `POST /api/v2/write?org&bucket&precision`, so that its clients can be pointed at us. The token is a device's;
 * the bucket is not looked at, and the organization, where it is named, must be the device's.
 * @see https://docs.influxdata.com/influxdb/v2/api/#operation/PostWrite
 */
export function lineWriteRouter(options: DeliveryOptions): Router {
  const router = express.Router();
  router.post(PATH, admit(options, 'Token', refuse), express.raw({ type: () => true, limit: MAX_MESSAGE_BYTES }), take(options));
  router.use(PATH, (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = (error as { status?: unknown }).status;
    if (status === 413) refuse(response, 413, TOO_MANY);
    else if (typeof status === 'number' && status < 500) refuse(response, status, (error as Error).message);
    else next(error);
  });
  return router;
}

const TOO_MANY = `At most ${MAX_MESSAGE_BYTES} bytes and ${MAX_READINGS_PER_MESSAGE} readings in one request.`;

function take(options: DeliveryOptions) {
  const { projection, rawRetentionDays, intake } = options;
  return async (request: Request, response: Response): Promise<void> => {
    const { org, precision = 'ns' } = request.query;
    const bearer = bearerOf(response);
    if (!isPrecision(precision)) return refuse(response, 400, `precision must be one of ${LINE_PRECISIONS.join(', ')}.`);
    if (org !== undefined && org !== bearer.address.organizationKey)
      return refuse(response, 403, `This token belongs to the organization ${bearer.address.organizationKey}.`);
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const context = { projection, rawRetentionDays, receivedAtUs: intake.nowUs() };
    const body = readDecoded(decodeLineProtocol(bytes, context.receivedAtUs, precision), 'influx', bearer, context);
    if (body.tooMany) return refuse(response, 413, TOO_MANY);
    if (!(await deliver(body, response, options, refuse))) return;
    const { accepted, rejected } = body;
    if (rejected.length === 0) return void response.status(204).end();
    const message = `partial write: ${accepted} readings stored, ${rejected.length} refused: ${told(rejected)}`;
    response.status(400).json({ code: 'invalid', message, accepted, rejected });
  };
}

/** Clients log the message, and little of it. */
function told(rejected: readonly RejectedReading[]): string {
  const first = rejected.slice(0, TOLD_OF).map(({ reason, detail }) => `${reason}: ${detail}`);
  return first.join(' ') + (rejected.length > TOLD_OF ? ' …' : '');
}

function isPrecision(precision: unknown): precision is LinePrecision {
  return (LINE_PRECISIONS as readonly unknown[]).includes(precision);
}

const CODES: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  413: 'request too large',
  429: 'too many requests',
  503: 'unavailable',
};

/** As InfluxDB words it. */
function refuse(response: Response, status: number, message: string, retryAfterSeconds?: number): void {
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  response.status(status).json({ code: CODES[status] ?? 'invalid', message });
}
