import {
  effect,
  inject,
  type EnvironmentProviders,
  makeEnvironmentProviders,
  untracked,
  provideEnvironmentInitializer,
} from '@angular/core';
import { Router } from '@angular/router';
import { ApolloLink } from '@apollo/client/link';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { HttpLink } from '@apollo/client/link/http';
import { InMemoryCache } from '@apollo/client/cache';
import { Apollo, provideApollo } from 'apollo-angular';
import { from, switchMap, throwError } from 'rxjs';
import { CLIENT } from './client-name';
import { Connection } from './connection';
import { hasCode } from './faults';
import { LiveLink } from './live-link';
import { Session } from './session';
import { createSocket } from './socket';

/** Queries and mutations by HTTP, subscriptions by WebSocket, both with the session's token. */
export function provideGraph(): EnvironmentProviders {
  return makeEnvironmentProviders([
    provideApollo(() => {
      const session = inject(Session);
      const connection = inject(Connection);
      const socket = createSocket(session, connection);
      const http = ApolloLink.from([renewOnce(session), withToken(session), httpLink(connection)]);
      return {
        link: ApolloLink.split(({ operationType }) => operationType === 'subscription', new LiveLink(socket, session), http),
        clientAwareness: CLIENT,
        cache: new InMemoryCache({
          // Values without a life of their own: they belong to the device or page that holds them.
          typePolicies: { Reading: { keyFields: false }, DeviceStatus: { keyFields: false }, Series: { keyFields: false } },
        }),
      };
    }),
    provideEnvironmentInitializer(() => leaveOnSignOut()),
  ]);
}

/** What one person loaded is gone from memory before the next one sees the page. */
function leaveOnSignOut(): void {
  const session = inject(Session);
  const apollo = inject(Apollo);
  const router = inject(Router);
  let wasSignedIn = false;
  effect(() => {
    const state = session.state();
    session.generation();
    untracked(() => {
      if (state === 'signed-in') wasSignedIn = true;
      if (state !== 'signed-out' || !wasSignedIn) return;
      wasSignedIn = false;
      void apollo.client.clearStore();
      const { url } = router;
      void router.navigate(['/sign-in'], { queryParams: url === '/' || url.startsWith('/sign-in') ? {} : { to: url } });
    });
  });
}

function httpLink(connection: Connection): HttpLink {
  return new HttpLink({
    uri: new URL('graphql', document.baseURI).href,
    credentials: 'same-origin',
    fetch: async (input, init) => {
      try {
        const response = await fetch(input, init);
        connection.answered(response.status < 502 || response.status > 504);
        return response;
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'AbortError')) connection.answered(false);
        throw error;
      }
    },
  });
}

function withToken(session: Session): ApolloLink {
  return new SetContextLink(async ({ headers }) => {
    const token = await session.accessToken();
    return { headers: { ...(headers as Record<string, string> | undefined), ...(token ? { authorization: `Bearer ${token}` } : {}) } };
  });
}

/** A token may be refused before its time (revoked, a new key): one fresh token, one more try, then sign-in. */
function renewOnce(session: Session): ErrorLink {
  return new ErrorLink(({ error, operation, forward }) => {
    if (!hasCode(error, 'UNAUTHENTICATED', 'SESSION_EXPIRED') || operation.getContext()['renewed']) return;
    operation.setContext({ renewed: true });
    return from(session.refresh()).pipe(switchMap((renewed) => (renewed ? forward(operation) : throwError(() => error))));
  });
}
