import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PublisherJob, PublisherNews, PublisherProgress } from './publisher-process.js';

export interface RunningPublishers {
  /** As of a tenth of a second ago. */
  readonly progress: PublisherProgress;
  /** All are connected; begins the job. Resolves when the last message is acknowledged. */
  run(): Promise<PublisherProgress>;
}

export async function preparePublishers(job: PublisherJob): Promise<RunningPublishers> {
  const child = fork(join(__dirname, 'publisher-process.js'), { stdio: 'inherit' });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`The publishers ended early (${String(code)})`);
  });
  failed.catch(() => undefined);
  let progress: PublisherProgress = { sent: 0, acknowledged: 0 };
  const done = new Promise<void>((resolve) =>
    child.on('message', (news: PublisherNews) => {
      if (news.kind === 'connected') return;
      progress = { sent: news.sent, acknowledged: news.acknowledged };
      if (news.kind === 'done') resolve();
    }),
  );
  child.send(job);
  await Promise.race([once(child, 'message'), failed]);
  return {
    get progress() {
      return progress;
    },
    async run() {
      child.send('go');
      await Promise.race([done, failed]);
      return progress;
    },
  };
}
