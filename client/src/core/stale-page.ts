import type { NavigationError } from '@angular/router';

const GONE = /dynamically imported module|module script failed|ChunkLoadError/i;
const KEY = 'pulsegraph.reloaded-at';
/** A second failure this soon is no new release, and another reload would not mend it. */
const ONCE_IN_MS = 30_000;

/** After a release, a page opened before asks for parts that are gone: it is loaded anew, where the person wanted to go. */
export function reloadStalePage({ error, url }: NavigationError): void {
  if (!GONE.test(String(error))) return;
  try {
    const lastMs = Number(sessionStorage.getItem(KEY) ?? 0);
    if (Date.now() - lastMs < ONCE_IN_MS) return;
    sessionStorage.setItem(KEY, String(Date.now()));
  } catch {
    // Without storage there is no way to tell a loop from a release.
    return;
  }
  location.assign(url);
}
