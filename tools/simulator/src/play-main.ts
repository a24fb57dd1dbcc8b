import { parseArgs } from 'node:util';
import { demoPassword } from './account.js';
import { loadEnv } from './env.js';
import { PlatformClient } from '@pulsegraph/platform-client';
import { play } from './playback/play.js';
import { readRecordings } from './playback/recording.js';
import { verifyPlayback } from './playback/verification.js';

const USAGE = `npm run play -- FILE-or-FOLDER [--as live|history] [--speed N] [--verify] [--url URL] [--mqtt URL] [--email E-MAIL]

  --as live      publish each row as recorded now, at the file's pace (default)
  --as history   publish with the file's own spacing, ending now
  --speed N      with live: N times the file's pace (default 1)
  --verify       afterwards, compare every stored number with the file; exits with 1 on a difference

The password is DEMO_PASSWORD, or the one kept in DATA_DIR (./.data).`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      as: { type: 'string', default: 'live' },
      speed: { type: 'string', default: '1' },
      verify: { type: 'boolean' },
      url: { type: 'string' },
      mqtt: { type: 'string' },
      email: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const [path] = positionals;
  const speed = Number(values.speed);
  if (values.help || !path) return console.log(USAGE);
  if (values.as !== 'live' && values.as !== 'history') throw new Error('--as is live or history.');
  if (!(speed > 0)) throw new Error('--speed is a number above 0.');

  const env = loadEnv();
  const { recordings, unknown } = await readRecordings(path);
  for (const file of unknown) console.log(`${file}: of no known data set, left out`);
  if (recordings.length === 0) throw new Error(`Nothing to play at ${path}.`);

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.on(signal, () => stop.abort());
  const url = values.url ?? env.url;
  const account = { email: values.email ?? env.email, password: await demoPassword(env.password, env.dataDir) };
  const sent = await play({
    recordings,
    as: values.as,
    speed,
    url,
    mqttUrl: values.mqtt ?? env.mqttUrl,
    account,
    signal: stop.signal,
    report: (line) => console.log(line),
  });
  if (!values.verify) return;
  const { series, values: compared, differences } = await verifyPlayback(new PlatformClient(url, account), sent);
  for (const difference of differences) console.error(difference);
  console.log(`${series} series, ${compared} values compared, ${differences.length} series differ`);
  if (differences.length > 0) process.exitCode = 1;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  },
);
