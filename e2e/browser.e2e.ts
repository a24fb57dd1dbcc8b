import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '@pulsegraph/testkit';
import { aDevice, aProfile, connectDevice, readingsTopic } from './client/device.js';
import { launchBrowser, openPage, signInOnPage, type View } from './client/browser.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

const VIEWS: View[] = [
  { theme: 'light', widthPx: 1440 },
  { theme: 'dark', widthPx: 1440 },
  { theme: 'light', widthPx: 360 },
  { theme: 'dark', widthPx: 360 },
];

describe('the dashboard in Chromium, with the simulated factory and ward', () => {
  let stack: StandaloneStack;
  let browser: Browser;

  beforeAll(async () => {
    stack = await startStandalone({ SIMULATOR: 'all' });
    browser = await launchBrowser();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  }, 60_000);

  const openAs = async (account: string, view: View = VIEWS[0]!): Promise<Page> => {
    const page = await openPage(browser, stack.url, view);
    await signInOnPage(page, `${account}@demo.test`, stack.password);
    return page;
  };

  it('signs in, shows every simulated device and lets values move', async () => {
    const page = await openAs('clinician');
    await eventually(async () => expect(await page.getByTestId('device-row').count()).toBe(9), { timeoutMs: 30_000 });
    const cell = page.locator('[data-device-key="device-003"] [data-testid="value"]').first();
    await cell.waitFor();
    const before = await cell.getAttribute('data-recorded-at');
    await eventually(async () => expect(await cell.getAttribute('data-recorded-at')).not.toBe(before), { timeoutMs: 10_000 });
    await page.context().close();
  }, 90_000);

  it('keeps a person signed in over a reload, and out after signing out', async () => {
    const page = await openAs('operator');
    await page.reload();
    await page.getByTestId('device-row').first().waitFor();
    await page.getByLabel(/^Account:/).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByTestId('sign-in').waitFor();
    await page.reload();
    await page.getByTestId('sign-in').waitFor();
    await page.context().close();
  }, 90_000);

  it('says what is wrong when the password is', async () => {
    const page = await openPage(browser, stack.url, VIEWS[0]!);
    await page.goto('/');
    await page.getByLabel(/e-?mail/i).fill('operator@demo.test');
    await page.getByLabel(/^password/i).fill('not the password');
    await page.getByRole('button', { name: /sign in/i }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /e-?mail|password/i })
      .waitFor();
    await page.context().close();
  }, 60_000);

  it('joins live values to the history of a chart and offers the same as a table', async () => {
    const page = await openAs('engineer');
    await page.locator('[data-device-key="device-003"] a').first().click();
    await page.getByTestId('chart').first().waitFor();
    const axeName = await page
      .getByTestId('chart')
      .first()
      .locator('[role="img"]')
      .or(page.locator('[data-testid="chart"][role="img"]'))
      .first()
      .getAttribute('aria-label');
    expect(axeName).toMatch(/vibration/i);
    await page.getByRole('button', { name: /table/i }).first().click();
    await eventually(async () => expect(await page.getByRole('table').count()).toBeGreaterThan(0));
    await page.context().close();
  }, 90_000);

  describe.each(VIEWS)('$theme at $widthPx px', (view) => {
    it('has no accessibility violation on any page', async () => {
      const page = await openAs('admin', view);
      const { devices } = await (
        await stack.signIn('admin')
      ).request<{ devices: { nodes: { id: string }[] } }>('{ devices(first: 1) { nodes { id } } }');
      const violations: string[] = [];
      for (const path of ['/', `/devices/${devices.nodes[0]!.id}`, '/alerts', '/rules', '/users', '/pipeline']) {
        await page.goto(path);
        await page.locator('main h1').first().waitFor();
        const { violations: found } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
          .analyze();
        violations.push(...found.map(({ id, nodes }) => `${path}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        if (overflow > 0) violations.push(`${path}: scrolls sideways by ${overflow} px`);
      }
      const signIn = await openPage(browser, stack.url, view);
      await signIn.goto('/');
      await signIn.getByTestId('sign-in').waitFor();
      const { violations: atSignIn } = await new AxeBuilder({ page: signIn }).analyze();
      expect([...violations, ...atSignIn.map(({ id }) => `sign-in: ${id}`)]).toEqual([]);
      await page.context().close();
      await signIn.context().close();
    }, 180_000);
  });

  it('shows an alert as it is raised and lets it be acknowledged by keyboard alone', async () => {
    const page = await openAs('operator');
    await page.goto('/alerts');
    const open = page.getByTestId('alert-row').filter({ has: page.getByRole('button', { name: /acknowledge/i }) });
    const admin = await stack.signIn('admin');
    const device = await aDevice(admin, 'browser-1', await aProfile(admin, 'browser'));
    const mqtt = await connectDevice(stack.mqttUrl, device);
    await eventually(async () => {
      await mqtt.publishAsync(readingsTopic(device), JSON.stringify({ values: { temperature: 95 } }), { qos: 1 });
      const { alerts } = await admin.request<{ alerts: { totalCount: number } }>(
        '{ alerts(filter: { statuses: [TRIGGERED] }) { totalCount } }',
      );
      expect(alerts.totalCount).toBeGreaterThan(0);
    });
    await mqtt.endAsync();
    await open.first().waitFor();
    const button = open.first().getByRole('button', { name: /acknowledge/i });
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    if (await dialog.isVisible().catch(() => false)) await dialog.getByRole('button', { name: /acknowledge/i }).press('Enter');
    await eventually(
      async () => {
        const { alerts } = await (
          await stack.signIn('operator')
        ).request<{ alerts: { totalCount: number } }>('{ alerts(filter: { statuses: [ACKNOWLEDGED, RESOLVED] }) { totalCount } }');
        expect(alerts.totalCount).toBeGreaterThan(0);
      },
      { timeoutMs: 20_000 },
    );
    await page.context().close();
  }, 180_000);
});
