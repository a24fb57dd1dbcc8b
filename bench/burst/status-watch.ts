import type { SignedInClient } from '../../e2e/client/graphql-client.js';
import type { PublisherProgress } from '../load/publisher-process.js';

export interface PipelineStatus {
  readingsPerSecond: number;
  acceptedTotal: number;
  backlog: number;
  storeLatencyMsP99: number;
  health: 'HEALTHY' | 'DEGRADED' | 'DOWN';
}

export interface StatusSample extends PipelineStatus, PublisherProgress {
  atMs: number;
}

const STATUS = '{ pipelineStatus { readingsPerSecond acceptedTotal backlog storeLatencyMsP99 health } }';

export async function readStatus(admin: SignedInClient): Promise<PipelineStatus> {
  return (await admin.request<{ pipelineStatus: PipelineStatus }>(STATUS)).pipelineStatus;
}

/** Once a second what the platform says of itself, with what its publishers know at that instant. */
export class StatusWatch {
  readonly samples: StatusSample[] = [];
  /** Questions that were not answered. */
  failures = 0;
  private ended = false;
  private readonly finished: Promise<void>;

  constructor(
    private readonly admin: SignedInClient,
    private readonly progress: () => PublisherProgress,
  ) {
    this.finished = this.run();
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.finished;
  }

  private async run(): Promise<void> {
    while (!this.ended) {
      try {
        const status = await readStatus(this.admin);
        this.samples.push({ ...status, ...this.progress(), atMs: performance.now() });
      } catch {
        this.failures += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}
