import type { Role } from '@pulsegraph/contracts';
import { registerEnumType } from 'type-graphql';

/** The roles of contracts as type-graphql wants them. */
export const RoleEnum: { readonly [R in Role]: R } = {
  ADMIN: 'ADMIN',
  ENGINEER: 'ENGINEER',
  OPERATOR: 'OPERATOR',
  CLINICIAN: 'CLINICIAN',
  VIEWER: 'VIEWER',
};

registerEnumType(RoleEnum, {
  name: 'Role',
  description:
    'ADMIN all · ENGINEER devices and rules · OPERATOR acknowledges · CLINICIAN as operator, and reads patients · VIEWER reads, no patients.',
});
