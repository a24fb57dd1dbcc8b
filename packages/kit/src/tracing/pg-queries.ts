import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { Client } from 'pg';

type Query = (this: Client, ...args: unknown[]) => unknown;
type Callback = (error: Error | null, result: unknown) => void;

const LONGEST_TEXT = 1_000;
const wrapped = new WeakSet<object>();

/** Every query under a span becomes one, whoever sends it: TypeORM and our own SQL use the same client. */
export function traceQueries(): void {
  const prototype = Client.prototype as unknown as { query: Query };
  if (wrapped.has(prototype)) return;
  wrapped.add(prototype);
  const send = prototype.query;
  prototype.query = function (...args) {
    // Work that nobody has asked for is not traced, or it would be most of what is sent.
    if (!trace.getActiveSpan()?.isRecording()) return send.apply(this, args);
    const span = startSpan(args[0], args[1]);
    const last = args.at(-1);
    if (typeof last === 'function') {
      const callback = last as Callback;
      args[args.length - 1] = ((error, result) => {
        end(span, error);
        callback(error, result);
      }) satisfies Callback;
      return send.apply(this, args);
    }
    const sent = send.apply(this, args);
    if (sent instanceof Promise)
      sent.then(
        () => end(span, null),
        (error: Error) => end(span, error),
      );
    else end(span, null); // a stream or cursor: it takes as long as its reader does
    return sent;
  };
}

function startSpan(query: unknown, given: unknown): Span {
  const { text, values } = typeof query === 'string' ? { text: query, values: given } : (query as { text?: string; values?: unknown });
  const operation = /^\s*([a-z]+)/i.exec(text ?? '')?.[1]?.toUpperCase() ?? 'QUERY';
  // Values stand beside a text with parameters; in one without, they may stand in it.
  const shown = Array.isArray(values) ? { 'db.query.text': text?.slice(0, LONGEST_TEXT) } : {};
  return trace.getTracer('pulsegraph').startSpan(operation, {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation, ...shown },
  });
}

function end(span: Span, error: Error | null): void {
  // The message of a broken constraint may hold the row: the class of error is enough.
  if (error) span.setStatus({ code: SpanStatusCode.ERROR, message: (error as { code?: string }).code ?? error.name });
  span.end();
}
