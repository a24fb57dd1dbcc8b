import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export const ThemeEnum = { SYSTEM: 'SYSTEM', LIGHT: 'LIGHT', DARK: 'DARK' } as const;
export type Theme = keyof typeof ThemeEnum;
registerEnumType(ThemeEnum, { name: 'Theme' });

@ObjectType()
@Entity({ name: 'preferences' })
export class Preferences {
  @PrimaryColumn('uuid', { name: 'user_id' }) userId!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field(() => ThemeEnum) @Column('text') theme!: Theme;
  @Field({ description: 'BCP 47, for example en-GB.' }) @Column('text') locale!: string;
  @Field({ description: 'IANA name, for example Europe/Berlin; the organization’s until chosen.' })
  @Column('text', { name: 'time_zone' })
  timeZone!: string;
  @Field() @Column('boolean', { name: 'alert_sound' }) alertSound!: boolean;
}
