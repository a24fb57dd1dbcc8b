import { hasEndpoint } from './env.js';
import { setTracingEnabled } from './span.js';

/** For the last spans. An endpoint that is away would else hold the end of the process for its whole timeout. */
const LAST_SEND_MS = 2_000;

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
  if (!stop) return;
  const sent = stop().catch(() => undefined);
  stop = undefined;
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([sent, new Promise((resolve) => (timer = setTimeout(resolve, LAST_SEND_MS)))]);
  clearTimeout(timer);
}
