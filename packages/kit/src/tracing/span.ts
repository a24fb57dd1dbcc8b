import { SpanKind, SpanStatusCode, context, createContextKey, propagation, trace, type Attributes, type Context } from '@opentelemetry/api';

export interface SpanOptions {
  /** `server` for what somebody else asked of us, `client` for what we ask of others. */
  kind?: 'server' | 'client';
  attributes?: Attributes;
  /** Of an incoming request: where its trace goes on. */
  headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** Stands on this span and all below it, down to the database's. */
  requestId?: string;
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT };
const REQUEST_ID = createContextKey('pulsegraph request id');
const tracer = () => trace.getTracer('pulsegraph');
let enabled = false;

export const setTracingEnabled = (on: boolean): void => void (enabled = on);
export const tracingEnabled = (): boolean => enabled;
export const requestIdIn = (of: Context): string | undefined => of.getValue(REQUEST_ID) as string | undefined;

/** Runs as a span, which ends with the promise. Where tracing is off it only runs. */
export function inSpan<T>(name: string, options: SpanOptions, run: () => Promise<T>): Promise<T> {
  if (!enabled) return run();
  const { kind, attributes, headers, requestId } = options;
  let parent = headers ? propagation.extract(context.active(), headers) : context.active();
  if (requestId !== undefined) parent = parent.setValue(REQUEST_ID, requestId);
  return tracer().startActiveSpan(name, { kind: kind ? KINDS[kind] : SpanKind.INTERNAL, attributes }, parent, async (span) => {
    try {
      return await run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** `traceparent`, for a request to another part. Nothing where tracing is off. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  if (enabled) propagation.inject(context.active(), headers);
  return headers;
}
