import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Field, Float, ID, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import type { RecordService } from './record.service.js';

@InputType()
export class ReadingInput {
  @Field() metric!: string;
  @Field(() => Float, { nullable: true }) value?: number | null;
  @Field(() => String, { nullable: true }) text?: string | null;
  @Field(() => Date, { nullable: true }) recordedAt?: Date | null;
}

@ObjectType()
export class RejectedReading {
  @Field(() => Int) index!: number;
  @Field() reason!: string;
  @Field() detail!: string;
}

@ObjectType()
export class RecordReadingsPayload {
  @Field(() => Int) accepted!: number;
  @Field(() => [RejectedReading]) rejected!: RejectedReading[];
}

@Resolver()
export class RecordResolver {
  constructor(private readonly service: RecordService) {}

  @Requires('devices:write')
  @Mutation(() => RecordReadingsPayload, { description: 'HTTP ingest by GraphQL for small clients; the same rules as MQTT.' })
  recordReadings(
    @Arg('deviceId', () => ID) deviceId: string,
    @Arg('readings', () => [ReadingInput]) readings: ReadingInput[],
    @Ctx() { viewer }: TelemetryContext,
  ): Promise<RecordReadingsPayload> {
    return this.service.record(requireViewer(viewer), deviceId, readings);
  }
}
