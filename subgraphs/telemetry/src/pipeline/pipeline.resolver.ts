import type { PipelineStatusMessage } from '@pulsegraph/contracts';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Ctx, Directive, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { PipelineStatus } from './pipeline-status.type.js';

const statusOf = ({ atUs, ...status }: PipelineStatusMessage): PipelineStatus => ({ ...status, at: new Date(atUs / 1000) });

@Resolver(() => PipelineStatus)
export class PipelineResolver {
  @Requires('graph:read')
  @Query(() => PipelineStatus)
  async pipelineStatus(@Ctx() { viewer, pipeline, requestId }: TelemetryContext): Promise<PipelineStatus> {
    return statusOf(await pipeline.status(requireViewer(viewer).organizationId, requestId));
  }

  @Requires('graph:read')
  @Directive('@delivery(policy: LATEST_BY_KEY)')
  @Subscription(() => PipelineStatus, {
    // async, so that a refusal becomes the operation's error and not a thrown exception in the transport.
    subscribe: async ({ context }) => {
      const { viewer, pipeline } = context as TelemetryContext;
      return pipeline.follow(requireViewer(viewer).organizationId);
    },
  })
  pipelineStatusChanged(@Root() status: PipelineStatusMessage): PipelineStatus {
    return statusOf(status);
  }
}
