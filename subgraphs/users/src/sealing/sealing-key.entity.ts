import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where DATA_KEY is not set: readable by the service role alone, but in the same database as what it seals. */
@Entity({ name: 'sealing_key' })
export class SealingKey {
  @PrimaryColumn('text') id!: string;
  @Column('text') key!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
