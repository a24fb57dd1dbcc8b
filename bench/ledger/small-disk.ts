import { execFile } from 'node:child_process';
import { open, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  folder: string;
  /** Takes all that is free. */
  fill(): Promise<void>;
  release(): Promise<void>;
  unmount(): Promise<void>;
}

/** A file system in memory that can be filled to the last byte. Null where we may not mount one. */
export async function mountSmallDisk(mebibytes: number): Promise<SmallDisk | null> {
  const mountPoint = await mkdtemp(join(tmpdir(), 'pulsegraph-small-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0711`, 'tmpfs', mountPoint]);
  } catch {
    await rm(mountPoint, { recursive: true });
    return null;
  }
  const ballast = join(mountPoint, 'ballast');
  return {
    folder: join(mountPoint, 'data'),
    async fill() {
      const file = await open(ballast, 'a');
      try {
        // Ever smaller pieces, so that not a page is left.
        for (const size of [1024 * 1024, 4096, 1]) {
          const piece = Buffer.alloc(size);
          for (;;) await file.write(piece);
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
    },
    release: () => rm(ballast, { force: true }),
    async unmount() {
      await run('umount', ['-l', mountPoint]);
      await rm(mountPoint, { recursive: true, force: true });
    },
  };
}
