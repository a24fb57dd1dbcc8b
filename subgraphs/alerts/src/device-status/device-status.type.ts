import type { Severity } from '@pulsegraph/contracts';
import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Alert, SeverityEnum } from '../alert/alert.entity.js';

@ObjectType()
export class DeviceStatus {
  @Field(() => ID) deviceId!: string;
  @Field() deviceKey!: string;
  /** For the order among equals. */
  deviceName!: string;
  @Field(() => SeverityEnum, { nullable: true }) openSeverity!: Severity | null;
  @Field(() => Int) openCount!: number;
  @Field(() => Alert, { nullable: true, description: 'The worst open alert, the newest among equals.' }) worst!: Alert | null;
}

@ObjectType()
export class DeviceStatusConnection {
  @Field(() => [DeviceStatus]) nodes!: DeviceStatus[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  @Field(() => Int) totalCount!: number;
}

@ObjectType()
export class SeverityCount {
  @Field(() => SeverityEnum) severity!: Severity;
  @Field(() => Int) count!: number;
}

@ObjectType({ description: 'Open alerts.' })
export class AlertSummary {
  @Field(() => [SeverityCount], { description: 'Worst first, every severity.' }) bySeverity!: SeverityCount[];
  @Field(() => Int) triggered!: number;
  @Field(() => Int) acknowledged!: number;
  @Field(() => Int) escalated!: number;
}
