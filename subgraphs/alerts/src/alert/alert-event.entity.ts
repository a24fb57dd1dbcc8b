import { ALERT_TRANSITIONS, type AlertTransition } from '@pulsegraph/contracts';
import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export const AlertTransitionEnum = Object.fromEntries(ALERT_TRANSITIONS.map((name) => [name, name])) as { [K in AlertTransition]: K };
registerEnumType(AlertTransitionEnum, { name: 'AlertTransition' });

@ObjectType({ description: '`byName` as it was then; null by for the system.' })
@Entity({ name: 'alert_event' })
export class AlertEvent {
  @PrimaryColumn('uuid', { name: 'alert_id' }) alertId!: string;
  @PrimaryColumn('integer') no!: number;
  @Field() @Column('timestamptz') at!: Date;
  @Field(() => AlertTransitionEnum) @Column('text') transition!: AlertTransition;
  @Column('text', { name: 'by_id', nullable: true }) byId!: string | null;
  @Field(() => String, { nullable: true }) @Column('text', { name: 'by_name', nullable: true }) byName!: string | null;
  @Field(() => String, { nullable: true }) @Column('text', { nullable: true }) note!: string | null;
  @Field(() => Float, { nullable: true }) @Column('double precision', { nullable: true }) value!: number | null;
}
