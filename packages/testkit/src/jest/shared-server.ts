import type { EmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';

/** How the setup, which runs in jest's own process, tells the workers where things are. */
export const SERVER_URL_VARIABLE = 'PULSEGRAPH_TEST_POSTGRES_URL';
export const SKIP_FILE_VARIABLE = 'PULSEGRAPH_TEST_SKIP_FILE';

interface Kept {
  server: EmbeddedPostgres;
  folder: string;
}
const place = globalThis as typeof globalThis & { pulsegraphTestServer?: Kept };

// Jest loads setup and teardown as separate modules; only the global object is common to them.
export function keepServer(kept: Kept): void {
  place.pulsegraphTestServer = kept;
}

export function takeServer(): Kept | undefined {
  const kept = place.pulsegraphTestServer;
  delete place.pulsegraphTestServer;
  return kept;
}
