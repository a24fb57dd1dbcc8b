import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PublisherJob } from './publisher-process.js';

export interface RunningPublishers {
  /** All are connected; begins the job. Resolves when the last message is acknowledged. */
  run(): Promise<{ acknowledged: number }>;
}

export async function preparePublishers(job: PublisherJob): Promise<RunningPublishers> {
  const child = fork(join(__dirname, 'publisher-process.js'), { stdio: 'inherit' });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The publishers ended early (${String(code)})`);
  });
  failed.catch(() => undefined);
  child.send(job);
  await Promise.race([once(child, 'message'), failed]);
  return {
    async run() {
      child.send('go');
      const [done] = (await Promise.race([once(child, 'message'), failed])) as [{ acknowledged: number }];
      return done;
    },
  };
}
