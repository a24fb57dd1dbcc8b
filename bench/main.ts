import { benchAlerts } from './alerts.bench.js';
import { benchAudit } from './audit.bench.js';
import { benchBurst } from './burst.bench.js';
import { benchChaos } from './chaos.bench.js';
import { benchBacktest } from './backtest.bench.js';
import { benchDetection } from './detection.bench.js';
import { benchFanout } from './fanout.bench.js';
import { benchFuzz } from './fuzz.bench.js';
import { benchGateway } from './gateway.bench.js';
import { benchIngest } from './ingest.bench.js';
import { benchLatency } from './latency.bench.js';
import { benchLedger } from './ledger.bench.js';
import { benchPressure } from './pressure.bench.js';
import { benchQuery } from './query.bench.js';
import { benchReload } from './reload.bench.js';
import { benchStorm } from './storm.bench.js';
import { benchRegistry } from './registry.bench.js';
import { saveResult } from './measure/result.js';

const BENCHES = {
  alerts: benchAlerts,
  audit: benchAudit,
  burst: benchBurst,
  chaos: benchChaos,
  backtest: benchBacktest,
  detection: benchDetection,
  fanout: benchFanout,
  fuzz: benchFuzz,
  gateway: benchGateway,
  ingest: benchIngest,
  latency: benchLatency,
  ledger: benchLedger,
  pressure: benchPressure,
  query: benchQuery,
  registry: benchRegistry,
  reload: benchReload,
  storm: benchStorm,
};

async function main(): Promise<void> {
  const [name = '', ...args] = process.argv.slice(2);
  if (!(name in BENCHES)) throw new Error(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHES).join(', ')}.`);
  const result = await BENCHES[name as keyof typeof BENCHES](args);
  // A short run shows that the way works; it is not a figure.
  console.log(`\nWritten to ${saveResult(args.includes('--short') ? `${name}-short` : name, result)}`);
  if ('ok' in result && result.ok === false) throw new Error(`${name}: what the bench promises did not hold; see above.`);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
