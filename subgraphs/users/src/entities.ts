import { ApiKey } from './api-key/api-key.entity.js';
import { AuditAnchor, AuditEventRow, AuditHead, AuditPersonKey, AuditSigningKey } from './audit/audit-event.entity.js';
import { Invitation } from './invitation/invitation.entity.js';
import { Organization } from './organization/organization.entity.js';
import { PasswordReset } from './password-reset/password-reset.entity.js';
import { UserPassword } from './password/user-password.entity.js';
import { Preferences } from './preferences/preferences.entity.js';
import { RevocationRow } from './revocation/revocation.entity.js';
import { RecoveryCode, SecondFactor } from './second-factor/second-factor.entity.js';
import { RefreshTokenRow, SessionRow } from './session/session.entity.js';
import { SignInAttempt } from './sign-in/sign-in-attempt.entity.js';
import { SigningKey } from './token/signing-key.entity.js';
import { User } from './user/user.entity.js';

/** Every table of this subgraph. */
export const entities = [
  ApiKey,
  AuditAnchor,
  AuditEventRow,
  AuditHead,
  AuditPersonKey,
  AuditSigningKey,
  Invitation,
  Organization,
  PasswordReset,
  Preferences,
  RecoveryCode,
  RefreshTokenRow,
  RevocationRow,
  SecondFactor,
  SessionRow,
  SignInAttempt,
  SigningKey,
  User,
  UserPassword,
] as const;
