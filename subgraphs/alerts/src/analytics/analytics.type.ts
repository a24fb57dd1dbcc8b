import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { SeverityCount } from '../device-status/device-status.type.js';

@ObjectType()
export class DayCount {
  @Field({ description: 'Its beginning, UTC.' }) day!: Date;
  @Field(() => Int) count!: number;
}

@ObjectType({ description: 'A device and a rule that raise alerts together.' })
export class BadActor {
  @Field(() => ID) deviceId!: string;
  @Field() deviceKey!: string;
  ruleId!: string;
  @Field(() => Int) count!: number;
  @Field(() => Float, { description: 'Of all that were raised, 0 to 100.' }) percent!: number;
}

@ObjectType({ description: 'How well alerting works over a span of time, by the measures of ISA-18.2.' })
export class AlertAnalytics {
  @Field(() => Int, { description: 'Alerts raised in the span. One that is reopened counts once.' }) raised!: number;
  @Field(() => Float, { nullable: true, description: 'From raising to the first acknowledgement, of those raised in the span.' })
  meanTimeToAcknowledgeSeconds!: number | null;
  @Field(() => Float, {
    nullable: true,
    description: 'From raising to the last resolution, of those raised in the span and resolved by now.',
  })
  meanTimeToResolveSeconds!: number | null;
  @Field(() => [SeverityCount], { description: 'Worst first, every severity.' }) bySeverity!: SeverityCount[];
  @Field(() => [DayCount], { description: 'Every day (UTC) that the span touches, oldest first.' }) perDay!: DayCount[];
  @Field(() => [BadActor], { description: 'The devices and rules that raise most, noisiest first; at most ten.' }) badActors!: BadActor[];
  @Field(() => Int, { description: 'Alerts that came and went at least three times in a minute of the span (ISA-18.2 chattering).' })
  chattering!: number;
  @Field(() => Int, { description: 'Alerts that in the span had been open for more than 24 hours, whenever they were raised.' })
  standing!: number;
  @Field(() => Float, {
    description:
      'Share of ten-minute periods, 0 to 100, with more than ten alerts per operator. The periods count from the beginning of the span, those begun by now; operators are the people who handled these alerts in the span, one at least.',
  })
  floodPercent!: number;
}
