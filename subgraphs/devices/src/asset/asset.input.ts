import { Field, ID, InputType } from 'type-graphql';
import { AssetKindEnum, type AssetKind } from './asset.entity.js';

@InputType()
export class AssetInput {
  @Field() name!: string;
  @Field(() => AssetKindEnum) kind!: AssetKind;
  @Field(() => ID, { nullable: true }) parentId?: string | null;
}
