import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { Mailer } from '@pulsegraph/kit/mail';
import { sqlOf } from '@pulsegraph/kit/postgres';
import { Envelope, localKeyService, type Sealer } from '@pulsegraph/kit/sealing';
import type { ContainerType } from 'type-graphql';
import type { DataSource } from 'typeorm';
import { BootstrapService } from './bootstrap/bootstrap.service.js';
import { ApiKeyResolver } from './api-key/api-key.resolver.js';
import { ApiKeyService } from './api-key/api-key.service.js';
import { AuditExportService } from './audit/audit-export.service.js';
import { AuditQueryService } from './audit/audit-query.service.js';
import { AuditTrailService } from './audit/audit-trail.service.js';
import { AuditVerifier } from './audit/audit-verifier.js';
import { AuditResolver } from './audit/audit.resolver.js';
import { ChainSeal } from './audit/chain-seal.js';
import { EmergencyNotice } from './audit/emergency-notice.js';
import { ExportSigner } from './audit/export-signer.js';
import { PersonKeys } from './audit/person-keys.js';
import { InvitationResolver } from './invitation/invitation.resolver.js';
import { InvitationService } from './invitation/invitation.service.js';
import { LinkMail } from './link/link-mail.js';
import { PasswordResetResolver } from './password-reset/password-reset.resolver.js';
import { PasswordResetService } from './password-reset/password-reset.service.js';
import { PasswordHasher } from './password/password-hasher.js';
import { PasswordResolver } from './password/password.resolver.js';
import { PasswordService } from './password/password.service.js';
import { PersonalDataResolver } from './personal-data/personal-data.resolver.js';
import { PersonalDataService } from './personal-data/personal-data.service.js';
import { PreferencesService } from './preferences/preferences.service.js';
import { RevocationFeed } from './revocation/revocation-feed.js';
import { MfaRemovalService } from './second-factor/mfa-removal.service.js';
import { SecondFactorResolver } from './second-factor/second-factor.resolver.js';
import { SecondFactorService } from './second-factor/second-factor.service.js';
import { SessionListResolver } from './session/session-list.resolver.js';
import { SessionPresenter } from './session/session-presenter.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionResolver } from './session/session.resolver.js';
import { SessionService } from './session/session.service.js';
import { Attempts } from './sign-in/attempts.js';
import { Lockout } from './sign-in/lockout.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { SigningKeys } from './token/signing-keys.js';
import { UserAdminResolver } from './user/user-admin.resolver.js';
import { UserAdminService } from './user/user-admin.service.js';
import { UserResolver } from './user/user.resolver.js';
import { UserService } from './user/user.service.js';
import { ViewerResolver } from './viewer/viewer.resolver.js';
import { ViewerService } from './viewer/viewer.service.js';

export interface ServiceDependencies {
  /** Serves people, under row-level security. */
  api: DataSource;
  /** Serves the platform: paths that cross organizations. */
  service: DataSource;
  sealer: Sealer;
  /** Null where no mail is configured. */
  mailer: Mailer | null;
  /** Where people open the dashboard; links in mails lead there. */
  publicUrl: string;
  bus: LiveBus;
  log: Log;
  now: () => Date;
}

/** Wires the services once per process. */
export function createServices({ api, service, sealer, mailer, publicUrl, bus, log, now }: ServiceDependencies) {
  const keys = new SigningKeys(service, now);
  const feed = new RevocationFeed(service, bus, log, now);
  const hasher = new PasswordHasher();
  const lockout = new Lockout(service, now);
  const attempts = new Attempts(lockout);
  const sessions = new SessionService(service, feed, keys, log, now);
  const passwords = new PasswordService(service, hasher, attempts, sessions, now);
  const secondFactor = new SecondFactorService(service, sealer, now);
  const mfaRemoval = new MfaRemovalService(service, attempts, passwords, secondFactor);
  const signIns = new SignInService(service, attempts, passwords, secondFactor, sessions);
  const users = new UserService(api);
  const viewers = new ViewerService(api);
  const apiKeys = new ApiKeyService(api, service, feed, now);
  const presenter = new SessionPresenter(viewers);
  const linkMail = new LinkMail(mailer, publicUrl, log);
  const invitations = new InvitationService(service, linkMail, passwords, sessions, now);
  const resets = new PasswordResetService({ service, mail: linkMail, passwords, sessions, lockout, log, now });
  const people = new PersonKeys(new Envelope(localKeyService(sealer)), sqlOf(service));
  const seal = new ChainSeal(sealer);
  const notice = new EmergencyNotice({ service, mailer, log });
  const verifier = new AuditVerifier(service, seal);
  const auditTrail = new AuditTrailService({ service, people, seal, verifier, notice, log, now });
  const events = new AuditQueryService(api, people);
  const signer = new ExportSigner(service, sealer);
  const preferences = new PreferencesService(api);
  return {
    keys,
    feed,
    users,
    apiKeys,
    auditTrail,
    bootstrap: new BootstrapService(service, hasher, now),
    resolvers: [
      new ApiKeyResolver(apiKeys),
      new AuditResolver(events, verifier, new AuditExportService(service, people, signer, now)),
      new InvitationResolver(invitations, presenter),
      new PasswordResetResolver(resets),
      new PasswordResolver(passwords),
      new PersonalDataResolver(new PersonalDataService({ service, feed, people, events })),
      new SecondFactorResolver(secondFactor, mfaRemoval),
      new SessionListResolver(sessions),
      new SessionResolver(signIns, sessions, presenter),
      new UserAdminResolver(new UserAdminService(feed, now)),
      new UserResolver(users),
      new ViewerResolver(viewers, preferences),
    ],
    /** What goes on after its request was answered. */
    settled: async () => void (await Promise.all([resets.settled(), notice.settled()])),
    /** After a rotation of DATA_KEY: what older keys sealed, under the newest. */
    reseal: async () => {
      await people.rewrapAll();
      await auditTrail.resealAll();
      await signer.resealAll();
      await secondFactor.resealAll();
    },
    /** Keys that are due, and rows nobody can use any more. */
    maintain: async () => {
      await keys.ensure();
      await auditTrail.forgetExpired();
      await feed.prune();
      await lockout.prune();
      await invitations.prune();
      await resets.prune();
      await new SessionRepository(service.manager).prune(now());
    },
  };
}

export type UsersServices = ReturnType<typeof createServices>;

/** type-graphql asks for resolvers by class. */
export function containerOf(resolvers: readonly object[]): ContainerType {
  const byClass = new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
  return { get: (type: new () => object) => byClass.get(type) };
}
