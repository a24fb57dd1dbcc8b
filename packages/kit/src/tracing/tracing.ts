import { hasEndpoint } from './env.js';
import { setTracingEnabled } from './span.js';

let stop: (() => Promise<void>) | undefined;

/**
 * Sends traces by OTLP over HTTP where OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) says to; the exporter reads the
 * other standard OTEL_EXPORTER_OTLP_* variables itself. Without an endpoint its libraries are not even loaded, and spans
 * cost nothing.
 */
export async function startTracing(service: string): Promise<void> {
  if (stop || !hasEndpoint()) return;
  const { startExporting } = await import('./exporting.js');
  stop = startExporting(service);
  setTracingEnabled(true);
}

/** Sends what has gathered. An endpoint that is away keeps nobody from stopping. */
export async function stopTracing(): Promise<void> {
  setTracingEnabled(false);
  await stop?.().catch(() => undefined);
  stop = undefined;
}
