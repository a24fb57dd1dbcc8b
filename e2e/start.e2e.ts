import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { freePort } from '@pulsegraph/testkit';
import { runProcess } from './stack/process.js';
import { startStandalone } from './stack/standalone-stack.js';

const folder = () => mkdtempSync(join(tmpdir(), 'pulsegraph-start-'));

async function takenPort(): Promise<{ port: number; free: () => void }> {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, free: () => server.close() };
}

describe('npm start', () => {
  it('ends with exit 0 on SIGINT and leaves no process behind', async () => {
    const stack = await startStandalone();
    const { dataDir } = stack;
    expect(await stack.running.end('SIGINT')).toBe(0);
    const { stdout } = spawnSync('pgrep', ['-fa', dataDir], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line && !line.includes('pgrep'))).toEqual([]);
    await stack.stop();
  }, 180_000);

  it('prints the address and one account per role', async () => {
    const stack = await startStandalone();
    const said = stack.running.output();
    expect(said).toContain(`http://localhost:${new URL(stack.url).port}`);
    for (const role of ['admin', 'engineer', 'operator', 'clinician', 'viewer']) expect(said).toContain(`${role}@demo.test`);
    await stack.stop();
  }, 180_000);

  it.each(['PORT', 'MQTT_PORT'])(
    'says in one sentence that %s is taken and what to do',
    async (variable) => {
      const { port, free } = await takenPort();
      const running = runProcess('node', ['standalone/dist/main.js'], {
        DATA_DIR: folder(),
        SIMULATOR: 'off',
        PORT: String(await freePort()),
        MQTT_PORT: String(await freePort()),
        [variable]: String(port),
      });
      const status = await running.ended;
      free();
      expect(status).toBe(1);
      expect(running.output()).toMatch(new RegExp(`Port ${port} is taken: set ${variable} to a free port`));
      expect(running.output().trim().split('\n')).toHaveLength(1);
    },
    120_000,
  );

  it('says in one sentence that DATA_DIR cannot be written and what to do', async () => {
    const file = join(folder(), 'a-file');
    writeFileSync(file, '');
    const running = runProcess('node', ['standalone/dist/main.js'], {
      DATA_DIR: join(file, 'data'),
      PORT: String(await freePort()),
      MQTT_PORT: String(await freePort()),
    });
    expect(await running.ended).toBe(1);
    expect(running.output()).toMatch(/is not writable \(\w+\): set DATA_DIR to a folder that is\./);
    expect(running.output().trim().split('\n')).toHaveLength(1);
  }, 60_000);

  it('names every bad variable at once, and no value', async () => {
    const running = runProcess('node', ['standalone/dist/main.js'], { PORT: 'http', DEMO: 'maybe', DEMO_PASSWORD: 'short' });
    expect(await running.ended).toBe(1);
    expect(running.output()).toContain('PORT');
    expect(running.output()).toContain('DEMO:');
    expect(running.output()).toContain('DEMO_PASSWORD');
    expect(running.output()).not.toContain('short');
  }, 60_000);

  it('refuses a data folder that another Pulsegraph is using', async () => {
    const stack = await startStandalone();
    const second = runProcess('node', ['standalone/dist/main.js'], {
      DATA_DIR: stack.dataDir,
      PORT: String(await freePort()),
      MQTT_PORT: String(await freePort()),
    });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('DATA_DIR');
    expect(await fetch(`${stack.url}/health/ready`).then(({ status }) => status)).toBe(200);
    await stack.stop();
  }, 180_000);
});
