import { effect, Injectable, signal } from '@angular/core';

export type Theme = 'system' | 'light' | 'dark';
/** public/theme.js reads it before the first paint. */
const KEY = 'pulsegraph.theme';

const INKS = ['text', 'muted', 'line', 'trace', 'trace-soft', 'band', 'critical', 'offline-tint', 'offline', 'panel'] as const;
/** Colours as a canvas needs them: resolved. */
export type Inks = Readonly<Record<(typeof INKS)[number], string>>;

@Injectable({ providedIn: 'root' })
export class ThemeChoice {
  readonly theme = signal<Theme>(stored());
  readonly inks = signal<Inks>(resolved());

  constructor() {
    effect(() => {
      const theme = this.theme();
      const root = document.documentElement;
      if (theme === 'system') delete root.dataset['theme'];
      else root.dataset['theme'] = theme;
      remember(theme);
      this.inks.set(resolved());
    });
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      window.matchMedia(query).addEventListener('change', () => this.inks.set(resolved()));
    }
  }
}

/** Where the person chose the colours, theirs: areas stay empty, so that lines and text keep their contrast. */
const FORCED: Inks = {
  text: 'CanvasText',
  muted: 'CanvasText',
  line: 'GrayText',
  trace: 'CanvasText',
  'trace-soft': 'transparent',
  band: 'transparent',
  critical: 'CanvasText',
  'offline-tint': 'transparent',
  offline: 'GrayText',
  panel: 'Canvas',
};

/** `light-dark()` in a custom property is resolved only where a real property uses it. */
function resolved(): Inks {
  if (window.matchMedia('(forced-colors: active)').matches) return FORCED;
  const probe = document.createElement('span');
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const entries = INKS.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, style.color] as const;
  });
  probe.remove();
  return Object.fromEntries(entries) as Record<(typeof INKS)[number], string>;
}

function remember(theme: Theme): void {
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be refused; the choice then lasts until the page is left.
  }
}

function stored(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  } catch {
    return 'system';
  }
}
