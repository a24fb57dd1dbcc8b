import { PageInfo } from '@pulsegraph/kit/pagination';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { DeadLetter } from './dead-letter.entity.js';
import type { DeadLetterService } from './dead-letter.service.js';
import type { ReplayService } from './replay.service.js';

@ObjectType()
export class DeadLetterConnection {
  @Field(() => [DeadLetter]) nodes!: DeadLetter[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  @Field(() => Int) totalCount!: number;
}

@ObjectType()
export class ReplayPayload {
  @Field(() => Int) accepted!: number;
  @Field(() => Int) stillRejected!: number;
}

@Resolver(() => DeadLetter)
export class DeadLetterResolver {
  constructor(
    private readonly service: DeadLetterService,
    private readonly replay: ReplayService,
  ) {}

  @Requires('rules:write')
  @Query(() => DeadLetterConnection)
  deadLetters(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('deviceKey', () => String, { nullable: true }) deviceKey: string | null | undefined,
    @Arg('reason', () => String, { nullable: true }) reason: string | null | undefined,
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<DeadLetterConnection> {
    return this.service.list(requireViewer(viewer), { deviceKey, reason }, first ?? 50, after, requestId);
  }

  @Requires('rules:write')
  @Mutation(() => ReplayPayload, { description: 'Feed rejected payloads through the pipeline again; safe to repeat.' })
  replayDeadLetters(@Arg('ids', () => [ID]) ids: string[], @Ctx() { viewer, requestId }: TelemetryContext): Promise<ReplayPayload> {
    return this.replay.replay(requireViewer(viewer), ids, requestId);
  }

  @Requires('rules:write')
  @Mutation(() => Int)
  discardDeadLetters(@Arg('ids', () => [ID]) ids: string[], @Ctx() { viewer, requestId }: TelemetryContext): Promise<number> {
    return this.service.discard(requireViewer(viewer), ids, requestId);
  }
}
