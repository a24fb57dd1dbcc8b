import { benchDetection } from './detection.bench.js';
import { benchFanout } from './fanout.bench.js';
import { benchGateway } from './gateway.bench.js';
import { benchIngest } from './ingest.bench.js';
import { benchLatency } from './latency.bench.js';
import { benchPressure } from './pressure.bench.js';
import { saveResult } from './measure/result.js';

const BENCHES = {
  detection: benchDetection,
  fanout: benchFanout,
  gateway: benchGateway,
  ingest: benchIngest,
  latency: benchLatency,
  pressure: benchPressure,
};

async function main(): Promise<void> {
  const [name = '', ...args] = process.argv.slice(2);
  if (!(name in BENCHES)) throw new Error(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHES).join(', ')}.`);
  const result = await BENCHES[name as keyof typeof BENCHES](args);
  console.log(`\nWritten to ${saveResult(name, result)}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
