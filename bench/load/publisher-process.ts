// A process of its own, so that the publishers' CPU is not counted with the platform's.
import { RawPublisher, type PublisherOptions } from './publisher.js';

export type PublisherJob =
  | { kind: 'burst'; devices: PublisherOptions[]; metric: string; messagesPerDevice: number; readingsPerMessage: number; startMs: number }
  | {
      kind: 'rate';
      devices: PublisherOptions[];
      metric: string;
      messagesPerSecond: number;
      seconds: number;
      /**
       * Plain values, and with each its instant, at least a millisecond after the one before: what is acknowledged can be
       * counted in the store. Without it the values are instants.
       */
      plain?: boolean;
    }
  | {
      kind: 'stream';
      devices: PublisherOptions[];
      metrics: string[];
      readingsPerSecond: number;
      readingsPerMessage: number;
      seconds: number;
    };

export interface PublisherProgress {
  sent: number;
  acknowledged: number;
}

export type PublisherNews = { kind: 'connected' } | ({ kind: 'progress' | 'done' } & PublisherProgress);

const PROGRESS_MS = 100;
const tell = (news: PublisherNews) => process.send?.(news);

async function burst(job: Extract<PublisherJob, { kind: 'burst' }>, publishers: RawPublisher[]): Promise<void> {
  const { metric, messagesPerDevice, readingsPerMessage, startMs } = job;
  await Promise.all(
    publishers.map(async (publisher) => {
      for (let message = 0; message < messagesPerDevice; message++) {
        const t0 = startMs + message * readingsPerMessage;
        const payload =
          readingsPerMessage === 1
            ? `{"ts":${t0},"values":{"${metric}":${20 + (message % 600) / 10}}}`
            : `{"metric":"${metric}","t0":${t0},"dt":[${Array.from({ length: readingsPerMessage }, (_, i) => i).join()}],"v":[${Array.from({ length: readingsPerMessage }, (_, i) => 20 + ((message + i) % 600) / 10).join()}]}`;
        await publisher.publish(payload);
      }
      await publisher.drained();
    }),
  );
}

/**
 * Evenly spread over time and devices, as far as the broker takes it: whoever has too much in flight waits. A value is the
 * instant just before publishing, milliseconds since `Date.now()` of the parent's epoch.
 */
async function rate(job: Extract<PublisherJob, { kind: 'rate' }>, publishers: RawPublisher[]): Promise<void> {
  const { metric, messagesPerSecond, seconds, plain } = job;
  const lastMs = publishers.map(() => 0);
  const total = messagesPerSecond * seconds;
  const startedAt = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * messagesPerSecond));
    for (; sent < due; sent++) {
      const nowMs = performance.timeOrigin + performance.now();
      const index = sent % publishers.length;
      lastMs[index] = Math.max(lastMs[index]! + 1, Math.floor(nowMs));
      await publishers[index]!.publish(
        plain
          ? `{"ts":${lastMs[index]},"values":{"${metric}":${20 + (sent % 600) / 10}}}`
          : `{"values":{"${metric}":${(nowMs % 1_000_000).toFixed(3)}}}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(publishers.map((publisher) => publisher.drained()));
}

/** Every metric of every device in turn, at a steady pace; a message holds what its series measured since the one before. */
async function stream(job: Extract<PublisherJob, { kind: 'stream' }>, publishers: RawPublisher[]): Promise<void> {
  const { metrics, readingsPerSecond, readingsPerMessage, seconds } = job;
  const messagesPerSecond = readingsPerSecond / readingsPerMessage;
  const series = publishers.length * metrics.length;
  const betweenMs = (series / messagesPerSecond) * 1_000;
  const offsets = Array.from({ length: readingsPerMessage }, (_, i) => Math.floor((i * betweenMs) / readingsPerMessage)).join();
  const startedAt = performance.now();
  const startMs = Date.now();
  const total = Math.floor(messagesPerSecond * seconds);
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * messagesPerSecond));
    for (; sent < due; sent++) {
      const metric = metrics[Math.floor(sent / publishers.length) % metrics.length]!;
      const endsAtMs = startMs + Math.floor((sent * 1_000) / messagesPerSecond);
      const values = Array.from({ length: readingsPerMessage }, (_, i) => 20 + ((sent + i) % 600) / 10).join();
      await publishers[sent % publishers.length]!.publish(
        `{"metric":"${metric}","t0":${Math.ceil(endsAtMs - betweenMs)},"dt":[${offsets}],"v":[${values}]}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(publishers.map((publisher) => publisher.drained()));
}

process.once('message', (job: PublisherJob) => {
  void (async () => {
    const publishers = await Promise.all(job.devices.map((device) => RawPublisher.open(device)));
    tell({ kind: 'connected' });
    const progress = (): PublisherProgress => ({
      sent: publishers.reduce((sum, { sent }) => sum + sent, 0),
      acknowledged: publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    });
    await new Promise<void>((resolve) => process.once('message', () => resolve()));
    const timer = setInterval(() => tell({ kind: 'progress', ...progress() }), PROGRESS_MS);
    if (job.kind === 'burst') await burst(job, publishers);
    else if (job.kind === 'stream') await stream(job, publishers);
    else await rate(job, publishers);
    clearInterval(timer);
    tell({ kind: 'done', ...progress() });
    for (const publisher of publishers) publisher.close();
    process.disconnect();
  })().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
