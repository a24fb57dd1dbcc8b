import { JsonScalar } from '@pulsegraph/kit/scalars';
import { Field, ID, InputType, ObjectType } from 'type-graphql';

@ObjectType('RuleTarget', { description: 'Devices that fit every field that is set.' })
export class RuleTargetType {
  @Field(() => [ID], { nullable: true }) deviceIds!: string[] | null;
  @Field(() => ID, { nullable: true }) profileId!: string | null;
  @Field(() => ID, { nullable: true, description: 'The asset or anything below it.' }) assetId!: string | null;
  @Field(() => JsonScalar, { nullable: true, description: 'Label values by key.' }) labels!: Record<string, string> | null;
}

@InputType({ description: 'At least one field; devices must fit every one that is set.' })
export class RuleTargetInput {
  @Field(() => [ID], { nullable: true }) deviceIds?: string[] | null;
  @Field(() => ID, { nullable: true }) profileId?: string | null;
  @Field(() => ID, { nullable: true }) assetId?: string | null;
  @Field(() => JsonScalar, { nullable: true }) labels?: unknown;
}
