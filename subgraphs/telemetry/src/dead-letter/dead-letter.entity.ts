import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

export const PayloadEncoding = { UTF8: 'UTF8', BASE64: 'BASE64' } as const;
registerEnumType(PayloadEncoding, { name: 'PayloadEncoding' });

@ObjectType()
@Entity({ name: 'dead_letter' })
@Index('dead_letter_inbox_idx', { synchronize: false })
export class DeadLetter {
  @Field(() => ID) @PrimaryColumn('uuid', { name: 'dead_letter_id' }) id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') source!: string;
  @Field(() => String, { nullable: true }) @Column('text', { nullable: true }) topic!: string | null;
  @Field(() => String, { nullable: true }) @Column('text', { name: 'device_key', nullable: true }) deviceKey!: string | null;
  @Column('uuid', { name: 'device_id', nullable: true }) deviceId!: string | null;
  @Field() @Column('text') reason!: string;
  @Field() @Column('text') detail!: string;
  @Field() @Column('text') payload!: string;
  @Field(() => PayloadEncoding) @Column('text') encoding!: keyof typeof PayloadEncoding;
  @Field(() => Date) @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
  @Field(() => Date, { nullable: true }) @Column('timestamptz', { name: 'replayed_at', nullable: true }) replayedAt!: Date | null;
}
