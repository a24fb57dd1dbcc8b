import { Field, InputType } from 'type-graphql';
import { ThemeEnum, type Theme } from './preferences.entity.js';

@InputType({ description: 'What is left out stays as it is.' })
export class PreferencesInput {
  @Field(() => ThemeEnum, { nullable: true }) theme?: Theme | null;
  @Field(() => String, { nullable: true }) locale?: string | null;
  @Field(() => String, { nullable: true }) timeZone?: string | null;
  @Field(() => Boolean, { nullable: true }) alertSound?: boolean | null;
}
