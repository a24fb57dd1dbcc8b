import type { PipelineStatusMessage } from '@pulsegraph/contracts';
import { requirePermission } from '@pulsegraph/kit/viewer';
import { Ctx, Directive, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { PipelineStatus } from './pipeline-status.type.js';

const statusOf = ({ atUs, ...status }: PipelineStatusMessage): PipelineStatus => ({ ...status, at: new Date(atUs / 1000) });

@Resolver(() => PipelineStatus)
export class PipelineResolver {
  @Query(() => PipelineStatus)
  async pipelineStatus(@Ctx() { viewer, pipeline, requestId }: TelemetryContext): Promise<PipelineStatus> {
    return statusOf(await pipeline.status(requirePermission(viewer, 'graph:read').organizationId, requestId));
  }

  @Directive('@delivery(policy: LATEST_BY_KEY)')
  @Subscription(() => PipelineStatus, {
    // async, so that a refusal becomes the operation's error and not a thrown exception in the transport.
    subscribe: async ({ context }) => {
      const { viewer, pipeline } = context as TelemetryContext;
      return pipeline.follow(requirePermission(viewer, 'graph:read').organizationId);
    },
  })
  pipelineStatusChanged(@Root() status: PipelineStatusMessage): PipelineStatus {
    return statusOf(status);
  }
}
