import { provideZonelessChangeDetection, inject, provideAppInitializer, type ApplicationConfig } from '@angular/core';
import {
  provideRouter,
  TitleStrategy,
  withComponentInputBinding,
  withInMemoryScrolling,
  withNavigationErrorHandler,
} from '@angular/router';
import { routes } from './app.routes';
import { provideGraph } from './core/apollo';
import { PageTitle } from './core/page-title';
import { Session } from './core/session';
import { reloadStalePage } from './core/stale-page';

export const appConfig: ApplicationConfig = {
  providers: [
    provideZonelessChangeDetection(),
    provideRouter(
      routes,
      withComponentInputBinding(),
      withInMemoryScrolling({ scrollPositionRestoration: 'enabled' }),
      withNavigationErrorHandler(reloadStalePage),
    ),
    provideGraph(),
    { provide: TitleStrategy, useExisting: PageTitle },
    // Not awaited: the shell says what is going on while the session is asked for; guards wait for it.
    provideAppInitializer(() => void inject(Session).start()),
  ],
};
