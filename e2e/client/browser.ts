import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Chromium as the machine has it, quiet: it must not look for hosts of its maker. */
export function launchBrowser(): Promise<Browser> {
  if (!CHROMIUM) throw new Error('Chromium is not installed: apt-get install chromium');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface View {
  theme: 'light' | 'dark';
  widthPx: 1440 | 360;
}

export async function openPage(browser: Browser, url: string, { theme, widthPx }: View): Promise<Page> {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: theme,
    reducedMotion: 'reduce',
    viewport: { width: widthPx, height: widthPx === 360 ? 780 : 900 },
    serviceWorkers: 'block',
  });
  return context.newPage();
}

export async function signInOnPage(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/');
  const form = page.getByTestId('sign-in');
  await form.getByLabel(/e-?mail/i).fill(email);
  await form.getByLabel(/^password/i).fill(password);
  await form.getByRole('button', { name: /sign in/i }).click();
  await page.getByTestId('device-row').first().waitFor();
}
