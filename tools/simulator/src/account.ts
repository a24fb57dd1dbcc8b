import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The demo password: as given, or as standalone keeps it in its data folder. */
export async function demoPassword(given: string | undefined, dataDir: string): Promise<string> {
  if (given) return given;
  const path = join(dataDir, 'demo-password');
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  if (kept) return kept.trim();
  throw new Error(`No password: set DEMO_PASSWORD, or run beside a Pulsegraph that keeps one in ${path}.`);
}
