import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const secrets = z.object({
  postgresPassword: z.string(),
  usersPassword: z.string(),
  devicesPassword: z.string(),
  telemetryPassword: z.string(),
  alertsPassword: z.string(),
  viewerKey: z.string(),
  internalToken: z.string(),
  dataKey: z.string(),
});
export type Secrets = z.infer<typeof secrets>;

/** Made at the first start, kept in DATA_DIR, readable by its owner only. Cursors and sessions outlive restarts by them. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, 'secrets.json');
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const known = kept ? secrets.partial().parse(JSON.parse(kept)) : {};
  // A release may need a secret that an older one did not make.
  const made = Object.fromEntries(Object.keys(secrets.shape).map((name) => [name, randomBytes(32).toString('hex')])) as Secrets;
  const all = { ...made, ...known };
  if (Object.keys(known).length < Object.keys(made).length) await writePrivately(path, JSON.stringify(all, null, 2));
  return all;
}

/** The demo accounts' password: as given, else as kept, else made up and kept. */
export async function loadDemoPassword(dataDir: string, given: string | undefined): Promise<string> {
  const path = join(dataDir, 'demo-password');
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  const password = given ?? kept?.trim() ?? randomBytes(9).toString('base64url');
  if (password !== kept?.trim()) await writePrivately(path, `${password}\n`);
  return password;
}

async function writePrivately(path: string, text: string): Promise<void> {
  // Beside its place first: a power cut must not leave half a secret.
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** @throws One sentence that names DATA_DIR when the folder cannot be used. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(join(dataDir, '.writable'), '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The data folder ${dataDir} is not writable (${code ?? 'unknown'}): set DATA_DIR to a folder that is.`, {
      cause: error,
    });
  }
}
