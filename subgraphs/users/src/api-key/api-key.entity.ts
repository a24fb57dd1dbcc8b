import type { Role } from '@pulsegraph/contracts';
import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { RoleEnum } from '../user/role.enum.js';

@ObjectType()
@Entity({ name: 'api_key' })
export class ApiKey {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') name!: string;
  @Field({ description: 'How the secret begins: to tell keys apart.' }) @Column('text') prefix!: string;
  /** SHA-256 of the secret, hex. It carries 256 random bits, so a plain hash is enough. Never read by the api role. */
  @Column('text', { select: false }) hash!: string;
  @Field(() => RoleEnum) @Column('text') role!: Role;
  /** Name of whoever made it, as it was then. */
  @Column('text', { name: 'created_by' }) createdBy!: string;
  @Field() @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Field(() => Date, { nullable: true }) @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  @Field(() => Date, { nullable: true, description: 'To within a minute.' })
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;
  @Field(() => Date, { nullable: true }) @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt!: Date | null;
}

@ObjectType()
export class ApiKeyConnection {
  @Field(() => [ApiKey]) nodes!: ApiKey[];
  @Field() pageInfo!: PageInfo;
}

@ObjectType()
export class CreatedApiKey {
  @Field() apiKey!: ApiKey;
  @Field({ description: 'Sent as `Authorization: Bearer pgk_…`. Shown once.' }) secret!: string;
}

@InputType()
export class ApiKeyInput {
  @Field() name!: string;
  @Field(() => RoleEnum) role!: Role;
  @Field(() => Date, { nullable: true, description: 'Without it the key is good until it is revoked.' }) expiresAt?: Date | null;
}
