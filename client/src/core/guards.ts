import { inject } from '@angular/core';
import { RedirectCommand, Router, type CanActivateFn } from '@angular/router';
import type { Permission } from '@pulsegraph/contracts';
import { Session } from './session';

/** Remembers where the person wanted to go. */
export const signedIn: CanActivateFn = async (_route, { url }) => {
  const session = inject(Session);
  const router = inject(Router);
  await session.settled;
  if (session.state() === 'signed-in') return true;
  return new RedirectCommand(router.createUrlTree(['/sign-in'], { queryParams: url === '/' ? {} : { to: url } }), { replaceUrl: true });
};

export const signedOut: CanActivateFn = async () => {
  const session = inject(Session);
  const router = inject(Router);
  await session.settled;
  return session.state() !== 'signed-in' || router.createUrlTree(['/']);
};

/** The server refuses as well; this spares the person the refusal. */
export function requires(permission: Permission): CanActivateFn {
  return () => inject(Session).may(permission) || inject(Router).createUrlTree(['/']);
}
