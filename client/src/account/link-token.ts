import { DOCUMENT, inject } from '@angular/core';

/**
 * The secret of a mailed link, from behind the `#`, where it reaches no server. It is taken out of the address at once,
 * so that it stays in no history and on no screen. Call it while a component is made.
 */
export function takeLinkToken(): string | null {
  const { location, history } = inject(DOCUMENT).defaultView!;
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) history.replaceState(history.state, '', location.pathname);
  return token;
}
