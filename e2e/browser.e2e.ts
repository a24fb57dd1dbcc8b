import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '@pulsegraph/testkit';
import { aDevice, aProfile, connectDevice, readingsTopic } from './client/device.js';
import { totp } from './client/totp.js';
import { launchBrowser, openPage, signInOnPage, type View } from './client/browser.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

const PAGES = [
  '/',
  '/alerts',
  '/silences',
  '/rules',
  '/rules/new',
  '/channels',
  '/escalation',
  '/users',
  '/api-keys',
  '/audit',
  '/pipeline',
  '/dead-letters',
  '/account',
];
const PAGES_WITHOUT_SESSION = ['/sign-in', '/forgot-password', '/reset-password#token=a', '/accept-invitation#token=a'];

const WCAG_22_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const WIDE: View = { theme: 'light', widthPx: 1440 };

/** What axe finds, in both themes, and whether the page scrolls sideways. */
async function faultsOf(page: Page, path: string): Promise<string[]> {
  await page.goto(path);
  await page.locator('main h1').first().waitFor();
  return faultsNow(page, path);
}

async function faultsNow(page: Page, path: string): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  // There are no frames, and without them the older way of running is the same and quicker.
  const axe = (): AxeBuilder => new AxeBuilder({ page }).setLegacyMode(true);
  const light = await axe().withTags(WCAG_22_AA).analyze();
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  // The other theme has the same elements in other colours.
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await axe().withRules(['color-contrast', 'link-in-text-block']).analyze();
  return [
    ...[...light.violations, ...dark.violations].map(
      ({ id, nodes }) => `${path}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    ),
    ...(overflow > 0 ? [`${path}: scrolls sideways by ${overflow} px`] : []),
  ];
}

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

  const openAs = async (account: string, view: View = WIDE): Promise<Page> => {
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
    const page = await openPage(browser, stack.url, WIDE);
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

  describe.each([1440, 360] as const)('at %i px', (widthPx) => {
    it('has no accessibility violation on any page, light or dark', async () => {
      const view: View = { theme: 'light', widthPx };
      const page = await openAs('admin', view);
      const { devices, alerts } = await (
        await stack.signIn('admin')
      ).request<{ devices: { nodes: { id: string }[] }; alerts: { nodes: { id: string }[] } }>(
        '{ devices(first: 1) { nodes { id } } alerts(first: 1) { nodes { id } } }',
      );
      const subjects = [...devices.nodes.map(({ id }) => `/devices/${id}`), ...alerts.nodes.map(({ id }) => `/alerts/${id}`)];
      const faults: string[] = [];
      for (const path of [...PAGES, ...subjects]) faults.push(...(await faultsOf(page, path)));
      const stranger = await openPage(browser, stack.url, view);
      for (const path of PAGES_WITHOUT_SESSION) faults.push(...(await faultsOf(stranger, path)));
      expect(faults).toEqual([]);
      await page.context().close();
      await stranger.context().close();
    }, 180_000);
  });

  it('sets a second factor up, asks for it at the next sign-in, and lets a recovery code replace it', async () => {
    const page = await openAs('viewer');
    await page.goto('/account');
    await page.getByRole('button', { name: 'Set up…' }).click();
    const key = await page.getByLabel('Or type the key').innerText();
    const [code] = (await page.getByLabel('Recovery codes').innerText()).split('\n');
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    await page.getByLabel('One-time password').fill(totp(key));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Turn off…' }).waitFor();
    await page.getByRole('button', { name: 'Sign out everywhere…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByTestId('sign-in').waitFor();
    await page.getByLabel(/e-?mail/i).fill('viewer@demo.test');
    await page.getByLabel(/^password/i).fill(stack.password);
    await page.keyboard.press('Enter');
    await page.getByLabel(/one-time password/i).waitFor();
    await page.keyboard.type(code!);
    await page.keyboard.press('Enter');
    await page.getByTestId('session-row').first().waitFor();
    await page.context().close();
  }, 90_000);

  it('shows an API key once, and lists it as revoked afterwards', async () => {
    const page = await openAs('admin');
    await page.goto('/api-keys');
    await page.getByRole('button', { name: 'New key…' }).click();
    await page.getByLabel('Name').fill('Historian');
    await page.keyboard.press('Enter');
    const secret = await page.getByLabel('API key', { exact: true }).innerText();
    const asKey = await fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: '{ viewer { role apiKey { name } } }' }),
    });
    expect(await asKey.json()).toEqual({ data: { viewer: { role: 'VIEWER', apiKey: { name: 'Historian' } } } });
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Revoke Historian' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.locator('[data-testid="api-key-row"][data-state="revoked"]').waitFor();
    expect(await page.locator('body').innerText()).not.toContain(secret);
    await page.context().close();
  }, 90_000);

  it('lets an engineer read a rejected message, replay it, hear that its cause stands, and discard it', async () => {
    const engineer = await stack.signIn('engineer');
    const { deviceByKey } = await engineer.request<{ deviceByKey: { id: string } }>('{ deviceByKey(key: "device-004") { id } }');
    await engineer.request(
      'mutation ($id: ID!) { recordReadings(deviceId: $id, readings: [{ metric: "unheard-of", value: 1 }]) { accepted } }',
      { id: deviceByKey.id },
    );
    const page = await openAs('engineer');
    await page.goto('/dead-letters?device=device-004');
    const letter = page.getByTestId('dead-letter').first();
    await letter.getByText('Payload').click();
    await letter.getByText('unheard-of').first().waitFor();
    await letter.getByRole('button', { name: /^Replay/ }).click();
    await page.getByRole('status').filter({ hasText: 'rejected once more' }).waitFor();
    await page
      .getByTestId('dead-letter')
      .first()
      .getByRole('button', { name: /^Discard/ })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText('No rejected message matches.').waitFor();
    await page.context().close();
  }, 90_000);

  it('tries a rule that is not saved yet on stored readings by keyboard, and says who asks', async () => {
    const page = await openAs('engineer');
    await page.goto('/rules/new');
    await page.getByLabel(/^Profile/).selectOption({ label: 'Bedside monitor' });
    await page.getByLabel('Metric', { exact: true }).fill('heartRate');
    await page.getByLabel(/^Above/).fill('1');
    const panel = page.getByTestId('backtest');
    await panel.getByLabel('Time to test on').selectOption({ label: 'Last day' });
    const asked = page.waitForRequest((request) => request.postData()?.includes('BacktestAlertRule') ?? false);
    const button = panel.getByRole('button', { name: 'Test on the past' });
    const outcome = panel.getByRole('status').filter({ hasText: /raised .* alerts? in the last day/ });
    // The first readings may not be stored yet.
    await eventually(
      async () => {
        await button.press('Enter');
        await outcome.waitFor({ timeout: 3_000 });
      },
      { timeoutMs: 30_000 },
    );
    expect((await asked).headers()).toMatchObject({
      'apollographql-client-name': 'dashboard',
      'apollographql-client-version': expect.stringMatching(/^\d/),
    });
    await panel
      .getByTestId('backtest-alert')
      .filter({ hasText: /Monitor bed .*\/min.*Began/s })
      .first()
      .waitFor();
    expect(await faultsNow(page, 'a back-test')).toEqual([]);
    await page.getByLabel(/^Above/).fill('2');
    await page.keyboard.press('Tab');
    await panel.getByText('The rule has changed since.').waitFor();
    await page.context().close();
  }, 90_000);

  it('silences a place with a reason and ends the silence', async () => {
    const page = await openAs('operator');
    await page.goto('/silences');
    await page.getByRole('button', { name: 'New silence…' }).click();
    await page.getByLabel('Reason').fill('Bearing is replaced');
    await page.getByLabel('Place').locator('option').nth(1).waitFor({ state: 'attached' });
    await page.getByRole('dialog').getByRole('button', { name: 'Silence' }).click();
    const row = page.getByTestId('silence-row').filter({ hasText: 'Bearing is replaced' });
    await row.getByRole('button', { name: /^End:/ }).click();
    await page.getByRole('button', { name: 'End it now' }).click();
    await row.waitFor({ state: 'detached' });
    await page.context().close();
  }, 90_000);

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
