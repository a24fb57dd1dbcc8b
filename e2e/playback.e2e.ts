import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@pulsegraph/testkit';
import { runProcess } from './stack/process.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

/** A recording in the format of the water rig, made here: no recorded data is part of the repository. */
function waterRig(rows: number): { text: string; flow: number[] } {
  const flow = Array.from({ length: rows }, (_, index) => Math.round((index === rows - 3 ? 12 : 32 + Math.sin(index)) * 1_000) / 1_000);
  const header =
    'datetime;Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;Voltage;Volume Flow RateRMS;anomaly;changepoint';
  const lines = flow.map((value, index) => {
    const at = new Date(Date.UTC(2020, 2, 9, 10, 0, index)).toISOString().slice(0, 19).replace('T', ' ');
    return `${at};0.026;0.04;1.33;0.05;79.3;26.0;233.0;${value};0.0;0.0`;
  });
  return { text: [header, ...lines, ''].join('\n'), flow };
}

describe('npm run play', () => {
  let stack: StandaloneStack;
  let folder: string;
  beforeAll(async () => {
    stack = await startStandalone();
    folder = await mkdtemp(join(tmpdir(), 'rig-'));
  }, 240_000);
  afterAll(() => stack?.stop(), 60_000);

  const playFile = async (name: string, text: string, ...args: string[]) => {
    await writeFile(join(folder, name), text);
    const running = runProcess(
      'node',
      ['tools/simulator/dist/play-main.js', join(folder, name), '--url', stack.url, '--mqtt', stack.mqttUrl, ...args],
      {
        DEMO_PASSWORD: stack.password,
      },
    );
    if ((await running.ended) !== 0) throw new Error(running.output());
    return running.output();
  };

  const flowOf = async (key: string, fromMs: number) => {
    const admin = await stack.signIn('admin');
    const { deviceByKey } = await admin.request<{
      deviceByKey: { series: { columns: { at: number[]; last: number[] } } | null; alerts: { nodes: { metric: string; value: number }[] } };
    }>(
      `query ($key: String!, $from: DateTime!, $to: DateTime!) { deviceByKey(key: $key) {
        series(metric: "flow", from: $from, to: $to, maxPoints: 5000) { columns { at last } }
        alerts { nodes { metric value } }
      } }`,
      { key, from: new Date(fromMs), to: new Date(Date.now() + 60_000) },
    );
    return deviceByKey;
  };

  it('live: the chart holds the values of the file, in order, and a limit that is crossed raises an alert', async () => {
    const { text, flow } = waterRig(60);
    await playFile('live.csv', text, '--as', 'live', '--speed', '20', '--verify');
    const key = `skab-${folder.split('/').at(-1)}-live`;
    await eventually(
      async () => {
        const device = await flowOf(key, Date.now() - 600_000);
        expect(device.series?.columns.last).toEqual(flow);
        expect(device.alerts.nodes.map(({ metric }) => metric)).toContain('flow');
      },
      { timeoutMs: 30_000 },
    );
  }, 120_000);

  it('history: keeps the spacing of the file and ends now, without paging anybody', async () => {
    const { text, flow } = waterRig(2_000);
    // Seven numbers and the flow in each row, read back and compared by the command itself.
    expect(await playFile('history.csv', text, '--as', 'history', '--verify')).toContain(
      `8 series, ${8 * 2_000} values compared, 0 series differ`,
    );
    const key = `skab-${folder.split('/').at(-1)}-history`;
    await eventually(
      async () => {
        const device = await flowOf(key, Date.now() - 3_600_000);
        expect(device.series?.columns.last).toEqual(flow);
        const at = device.series!.columns.at;
        expect(new Set(at.slice(1).map((each, index) => each - at[index]!))).toEqual(new Set([1_000]));
        expect(Math.abs(at.at(-1)! - Date.now())).toBeLessThan(120_000);
      },
      { timeoutMs: 30_000 },
    );
  }, 120_000);
});
