import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { IClientOptions, MqttClient } from 'mqtt';
import { mqttClient } from '../mqtt/mqtt-client.js';
import { endServer, findProgram, runServer } from '../programs/programs.js';
import { eventually } from '../waits/eventually.js';
import { freePort } from '../waits/free-port.js';

export interface TestMosquitto {
  /** `mqtt://127.0.0.1:port`. Known once beforeAll has run; the same after a restart. */
  readonly url: string;
  /** May publish on `$CONTROL/dynamic-security/v1`, and do anything else. */
  readonly admin: { username: string; password: string };
  /** A client, as the admin unless told, that is closed at the end. */
  connect(options?: IClientOptions): Promise<MqttClient>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

const PLUGIN = 'mosquitto_dynamic_security.so';

/** A real Mosquitto with dynamic security and unlimited queues. Wrap in `describeWith(['mosquitto', 'mosquitto_ctrl'], …)`. */
export function testMosquitto(): TestMosquitto {
  const admin = { username: 'admin', password: 'password-of-the-broker-in-tests' };
  const clients: MqttClient[] = [];
  let folder = '';
  let port = 0;
  let server: ReturnType<typeof runServer> | undefined;

  const url = () => {
    if (!port) throw new Error('testMosquitto is ready only after beforeAll.');
    return `mqtt://127.0.0.1:${port}`;
  };
  const start = async () => {
    const started = runServer(findProgram('mosquitto'), ['-c', join(folder, 'mosquitto.conf')]);
    server = started;
    await eventually(async () => {
      if (started.process.exitCode !== null) throw new Error(`mosquitto ended: ${started.output()}`);
      await (await mqttClient(url(), admin)).endAsync(true);
    });
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (server) await endServer(server.process, signal);
    server = undefined;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulsegraph-mosquitto-'));
    port = await freePort();
    const security = join(folder, 'dynamic-security.json');
    await promisify(execFile)(findProgram('mosquitto_ctrl'), ['dynsec', 'init', security, admin.username, admin.password]);
    const plugin = await findPlugin();
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous false',
      `plugin ${plugin}`,
      `plugin_opt_config_file ${security}`,
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'max_queued_bytes 0',
      'persistence true',
      `persistence_location ${folder}/`,
      // Started as root it would become `mosquitto`, which may not enter our folder.
      `user ${userInfo().username}`,
    ];
    await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
    await start();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await stop('SIGKILL');
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  return {
    get url() {
      return url();
    },
    admin,
    connect: async (options = admin) => {
      const client = await mqttClient(url(), options);
      clients.push(client);
      return client;
    },
    stop,
    start,
  };
}

async function findPlugin(): Promise<string> {
  const folders = ['/usr/lib', '/usr/local/lib', ...(await readdir('/usr/lib')).map((name) => join('/usr/lib', name))];
  const found = folders.map((folder) => join(folder, PLUGIN)).find((path) => existsSync(path));
  if (!found) throw new Error(`${PLUGIN} is not installed: apt-get install mosquitto`);
  return found;
}
