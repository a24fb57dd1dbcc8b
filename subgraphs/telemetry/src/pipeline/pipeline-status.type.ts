import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

export const Health = { HEALTHY: 'HEALTHY', DEGRADED: 'DEGRADED', DOWN: 'DOWN' } as const;
registerEnumType(Health, { name: 'Health' });

@ObjectType({ description: "Of the viewer's organization." })
export class PipelineStatus {
  @Field(() => Float) readingsPerSecond!: number;
  @Field(() => Float) acceptedTotal!: number;
  @Field(() => Float) duplicatesTotal!: number;
  @Field(() => Float) rejectedTotal!: number;
  @Field(() => Int, { description: 'Accepted but not yet stored.' }) backlog!: number;
  @Field(() => Float, { description: 'From receipt to stored, over the last minute.' }) storeLatencyMsP50!: number;
  @Field(() => Float) storeLatencyMsP99!: number;
  @Field(() => Health) health!: keyof typeof Health;
  @Field(() => Date) at!: Date;
}
