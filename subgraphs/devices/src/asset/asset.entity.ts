import { Requires } from '@pulsegraph/kit/subgraph';
import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export const ASSET_KINDS = ['SITE', 'AREA', 'LINE', 'MACHINE', 'WARD', 'ROOM', 'BED', 'OTHER'] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];
export const AssetKindEnum = Object.fromEntries(ASSET_KINDS.map((kind) => [kind, kind])) as { [K in AssetKind]: K };
registerEnumType(AssetKindEnum, { name: 'AssetKind' });

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
@Entity({ name: 'asset' })
export class Asset {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') name!: string;
  @Field(() => AssetKindEnum) @Column('text') kind!: AssetKind;
  @Column('uuid', { name: 'parent_id', nullable: true }) parentId!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  // Past assignments name it, so a deleted asset keeps its row; nobody finds it any more.
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
