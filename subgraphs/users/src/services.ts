import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { ContainerType } from 'type-graphql';
import type { DataSource } from 'typeorm';
import { BootstrapService } from './bootstrap/bootstrap.service.js';
import { PasswordHasher } from './password/password-hasher.js';
import { PasswordResolver } from './password/password.resolver.js';
import { PasswordService } from './password/password.service.js';
import { PreferencesService } from './preferences/preferences.service.js';
import { RevocationFeed } from './revocation/revocation-feed.js';
import type { Sealer } from './sealing/sealer.js';
import { MfaRemovalService } from './second-factor/mfa-removal.service.js';
import { SecondFactorResolver } from './second-factor/second-factor.resolver.js';
import { SecondFactorService } from './second-factor/second-factor.service.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionResolver } from './session/session.resolver.js';
import { SessionService } from './session/session.service.js';
import { Attempts } from './sign-in/attempts.js';
import { Lockout } from './sign-in/lockout.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { SigningKeys } from './token/signing-keys.js';
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
  bus: LiveBus;
  log: Log;
  now: () => Date;
}

/** Wires the services once per process. */
export function createServices({ api, service, sealer, bus, log, now }: ServiceDependencies) {
  const keys = new SigningKeys(service, now);
  const feed = new RevocationFeed(service, bus, log, now);
  const hasher = new PasswordHasher();
  const lockout = new Lockout(service, now);
  const attempts = new Attempts(lockout);
  const sessions = new SessionService(feed, keys, log, now);
  const passwords = new PasswordService(service, hasher, attempts, sessions, now);
  const secondFactor = new SecondFactorService(service, sealer, now);
  const mfaRemoval = new MfaRemovalService(service, attempts, passwords, secondFactor);
  const signIns = new SignInService(service, attempts, passwords, secondFactor, sessions);
  const users = new UserService(api);
  const viewers = new ViewerService(api);
  const preferences = new PreferencesService(api);
  return {
    keys,
    feed,
    users,
    bootstrap: new BootstrapService(service, hasher, now),
    resolvers: [
      new PasswordResolver(passwords),
      new SecondFactorResolver(secondFactor, mfaRemoval),
      new SessionResolver(signIns, sessions, viewers),
      new UserResolver(users),
      new ViewerResolver(viewers, preferences),
    ],
    /** Keys that are due, and rows nobody can use any more. */
    maintain: async () => {
      await keys.ensure();
      await feed.prune();
      await lockout.prune();
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
