import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './app';
import { appConfig } from './app.config';

bootstrapApplication(App, appConfig).catch((error: unknown) => {
  // Nothing of the app is there to show it: the page and the console are all that is left.
  document.body.textContent = 'Pulsegraph could not start. Reload the page; if it stays, tell your administrator.';
  console.error(error);
});
