import type { ConformanceCase } from '../suite/case.js';
import { eventCases } from './events.cases.js';
import { pressureCases } from './pressure.cases.js';
import { protocolCases } from './protocol.cases.js';
import { reloadCases } from './reload.cases.js';
import { restartCases } from './restart.cases.js';
import { resumeCases } from './resume.cases.js';
import { sessionCases } from './session.cases.js';
import { sharingCases } from './sharing.cases.js';
import { sseCases } from './sse.cases.js';
import { upstreamCases } from './upstream.cases.js';

/** In the order of the report. Cases that change the supergraph or stop the gateway come last: others run beside them. */
export const ALL_CASES: readonly ConformanceCase[] = [
  ...eventCases,
  ...protocolCases,
  ...sseCases,
  ...sharingCases,
  ...pressureCases,
  ...upstreamCases,
  ...resumeCases,
  ...sessionCases,
  ...reloadCases,
  ...restartCases,
];
