import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { takeServer } from './shared-server';

/** Stops the server, removes its folder, and says once what could not run here. */
export default async function globalTeardown(): Promise<void> {
  const kept = takeServer();
  if (!kept) return;
  const skipped = await readFile(join(kept.folder, 'skipped.txt'), 'utf8').catch(() => '');
  await kept.server.stop();
  await rm(kept.folder, { recursive: true, force: true });
  if (skipped)
    process.stderr.write(
      `\nSkipped for want of programs:\n${[...new Set(skipped.trim().split('\n'))].map((line) => `  ${line}\n`).join('')}`,
    );
}
