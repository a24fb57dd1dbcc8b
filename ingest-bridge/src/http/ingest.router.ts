import { MAX_MESSAGE_BYTES, MAX_READINGS_PER_MESSAGE, decodeSenml, type SenmlEncoding } from '@pulsegraph/decode';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { admit, bearerOf, deliver, type DeliveryOptions } from './delivery.js';
import { lineWriteRouter } from './line-write.router.js';
import { readBody, readDecoded } from './readings-body.js';

const SENML: ReadonlyMap<string, SenmlEncoding> = new Map([
  ['application/senml+json', 'json'],
  ['application/senml+cbor', 'cbor'],
]);
const TYPES = ['application/json', ...SENML.keys()];

/** `POST /ingest/v1/readings`, the same rules as MQTT, and what else devices post to. 2xx only when the readings are in the log. */
export function ingestRouter(options: DeliveryOptions): Router {
  const router = express.Router();
  router.post(
    '/ingest/v1/readings',
    admit(options, 'Bearer', refuse),
    ofKnownType,
    express.raw({ type: () => true, limit: MAX_MESSAGE_BYTES }),
    take(options),
  );
  router.use('/ingest/v1/readings', (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = (error as { status?: unknown }).status;
    if (status === 413) refuse(response, 413, TOO_MANY);
    else if (typeof status === 'number' && status < 500) refuse(response, status, (error as Error).message);
    else next(error);
  });
  router.use(lineWriteRouter(options));
  return router;
}

const TOO_MANY = `At most ${MAX_MESSAGE_BYTES} bytes and ${MAX_READINGS_PER_MESSAGE} readings in one request.`;

function ofKnownType(request: Request, response: Response, next: NextFunction): void {
  const type = request.is(TYPES);
  if (type === false || type === null) return refuse(response, 415, `Content-Type must be one of ${TYPES.join(', ')}.`);
  response.locals.senml = SENML.get(type);
  next();
}

function take(options: DeliveryOptions) {
  const { projection, rawRetentionDays, intake } = options;
  return async (request: Request, response: Response): Promise<void> => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const context = { projection, rawRetentionDays, receivedAtUs: intake.nowUs() };
    const bearer = bearerOf(response);
    const encoding = response.locals.senml as SenmlEncoding | undefined;
    const body = encoding
      ? readDecoded(decodeSenml(bytes, { ...bearer.address, receivedAtUs: context.receivedAtUs }, encoding), 'senml', bearer, context)
      : readBody(bytes, bearer, context);
    if (body.forbidden) return refuse(response, 403, body.forbidden);
    if (body.tooMany) return refuse(response, 413, TOO_MANY);
    if (!(await deliver(body, response, options, refuse))) return;
    response.status(body.accepted > 0 ? 202 : 400).json({ accepted: body.accepted, rejected: body.rejected });
  };
}

function refuse(response: Response, status: number, error: string, retryAfterSeconds?: number): void {
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  response.status(status).json({ error });
}
