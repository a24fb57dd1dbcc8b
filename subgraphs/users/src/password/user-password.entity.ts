import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Apart from the user, so that the api role cannot read it. */
@Entity({ name: 'user_password' })
export class UserPassword {
  @PrimaryColumn('uuid', { name: 'user_id' }) userId!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  /** PHC string: algorithm and cost stand in it. */
  @Column('text') hash!: string;
  @Column('timestamptz', { name: 'changed_at', default: () => 'now()' }) changedAt!: Date;
}
