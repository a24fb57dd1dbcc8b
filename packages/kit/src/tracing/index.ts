export { traceRequests } from './requests.js';
export { inSpan, traceHeaders, type SpanOptions } from './span.js';
export { startTracing, stopTracing } from './tracing.js';
