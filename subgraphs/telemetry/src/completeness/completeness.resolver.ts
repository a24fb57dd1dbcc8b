import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Field, FieldResolver, Float, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { Device } from '../reference/reference.type.js';
import { Gap, toGap } from '../series/gap.type.js';
import type { CompletenessService } from './completeness.service.js';

@ObjectType()
export class Completeness {
  @Field(() => Int) expected!: number;
  @Field(() => Int) received!: number;
  @Field(() => Float) percent!: number;
  @Field(() => [Gap]) gaps!: Gap[];
}

@Resolver(() => Device)
export class CompletenessResolver {
  constructor(private readonly service: CompletenessService) {}

  @Requires('graph:read')
  @FieldResolver(() => Completeness, { description: 'What should have arrived against what did.' })
  async completeness(
    @Root() { id }: Device,
    @Arg('metric') metric: string,
    @Arg('from', () => Date) from: Date,
    @Arg('to', () => Date) to: Date,
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<Completeness> {
    const result = await this.service.read(requireViewer(viewer), id, metric, from, to, requestId);
    return { ...result, gaps: result.gaps.map(toGap) };
  }
}
