// Screenshots of a running Pulsegraph for docs/images: node e2e/screenshots.mjs URL E-MAIL PASSWORD FOLDER [DEVICE-KEY]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, email, password, folder, deviceKey] = process.argv.slice(2);
if (!folder) throw new Error('node e2e/screenshots.mjs URL E-MAIL PASSWORD FOLDER [DEVICE-KEY]');
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
for (const theme of ['light', 'dark']) {
  for (const widthPx of [1440, 360]) {
    const context = await browser.newContext({
      baseURL: url,
      colorScheme: theme,
      viewport: { width: widthPx, height: widthPx === 360 ? 780 : 900 },
    });
    const page = await context.newPage();
    await page.goto('/');
    await page.getByLabel(/e-?mail/i).fill(email);
    await page.getByLabel(/^password/i).fill(password);
    await page.getByRole('button', { name: /sign in/i }).click();
    await page.getByTestId('device-row').first().waitFor();
    await page.waitForTimeout(4_000); // a sparkline needs a few values to be one
    await page.screenshot({ path: join(folder, `overview-${theme}-${widthPx}.png`) });
    const row = deviceKey ? page.locator(`[data-device-key="${deviceKey}"]`) : page.getByTestId('device-row');
    await row.first().locator('a').first().click();
    await page.getByTestId('chart').first().waitFor();
    await page.waitForTimeout(3_000);
    await page.screenshot({ path: join(folder, `device-${theme}-${widthPx}.png`) });
    await page.goto('/alerts');
    await page.locator('main h1').waitFor();
    await page.waitForTimeout(2_000);
    await page.screenshot({ path: join(folder, `alerts-${theme}-${widthPx}.png`) });
    await context.close();
  }
}
await browser.close();
