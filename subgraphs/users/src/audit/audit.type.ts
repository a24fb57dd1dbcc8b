import type { AuditActorKind } from '@pulsegraph/contracts';
import { PageInfo } from '@pulsegraph/kit/pagination';
import { JsonScalar } from '@pulsegraph/kit/scalars';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const ActorKindEnum: { readonly [K in AuditActorKind]: K } = {
  USER: 'USER',
  API_KEY: 'API_KEY',
  DEVICE: 'DEVICE',
  SYSTEM: 'SYSTEM',
};
registerEnumType(ActorKindEnum, { name: 'ActorKind' });

@ObjectType({ description: 'Who did what, or tried to. Values are told where they name no person and hold no secret.' })
export class AuditEvent {
  @Field(() => ID) id!: string;
  @Field(() => Date) at!: Date;
  actorId!: string | null;
  @Field({ description: 'As it was then; “Erased” for somebody whose personal data was erased.' }) actorName!: string;
  @Field(() => ActorKindEnum) actorKind!: AuditActorKind;
  @Field({ description: 'The field called, such as `createPatient`; `readPatient` for data of a patient that was read.' }) action!: string;
  @Field() subjectType!: string;
  @Field(() => ID, { nullable: true }) subjectId!: string | null;
  @Field(() => JsonScalar, { description: '`outcome`: SUCCEEDED, REFUSED, FAILED (with `code`) or UNKNOWN; `arguments`.' })
  detail!: Record<string, unknown>;
  @Field(() => String, { nullable: true }) ip!: string | null;
  @Field(() => String, { nullable: true }) requestId!: string | null;
  @Field({ description: 'SHA-256 over the event before it and this one.' }) hash!: string;
}

@ObjectType()
export class AuditEventConnection {
  @Field(() => [AuditEvent]) nodes!: AuditEvent[];
  @Field() pageInfo!: PageInfo;
  @Field(() => Int) totalCount!: number;
}

@ObjectType()
export class AuditVerification {
  @Field() valid!: boolean;
  @Field(() => Int, { description: 'Events whose place in the chain was confirmed.' }) checked!: number;
  @Field(() => ID, {
    nullable: true,
    description:
      'The first event that was altered or inserted, or that follows one which was deleted; the last one there is when the end is missing.',
  })
  firstBrokenId!: string | null;
}

@ObjectType({ description: 'A part of the trail that anybody can verify; see docs/guides/verify-audit-export.md.' })
export class AuditExport {
  @Field({ description: 'JSON lines: a header, then the events in the order of the chain.' }) content!: string;
  @Field({ description: 'Ed25519 over the bytes of `content`, base64.' }) signature!: string;
  @Field({ description: 'PEM. Compare it with the one you were given before.' }) publicKey!: string;
  @Field(() => Int, { nullable: true, description: 'Where the next part begins; null at the end.' }) nextAfter!: number | null;
}

@InputType()
export class AuditFilter {
  @Field(() => ID, { nullable: true }) actorId?: string | null;
  @Field(() => String, { nullable: true }) action?: string | null;
  @Field(() => String, { nullable: true }) subjectType?: string | null;
  @Field(() => ID, { nullable: true }) subjectId?: string | null;
  @Field(() => Date, { nullable: true }) from?: Date | null;
  @Field(() => Date, { nullable: true }) to?: Date | null;
}
