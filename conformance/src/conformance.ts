import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_CASES } from './cases/all.js';
import { GatewayProcess, answersGraphQL } from './gateways/gateway-process.js';
import type { KnownGateway } from './gateways/known-gateway.js';
import type { Report } from './report/report.js';
import { Reload } from './suite/reload.js';
import { runCases, type CaseResult } from './suite/run.js';
import type { Target } from './suite/stage.js';
import { startTokenIssuer } from './suite/token-issuer.js';
import { poll } from './suite/waits.js';
import { startWorld } from './subgraphs/world.js';

export interface RunSettings {
  /** Only cases whose id has this in it. */
  only?: string;
  deadlineMs: number;
  /** Longer than the gateway takes to look at its supergraph. Default: the gateway's own, or 5 s. */
  settleMs?: number;
  portBase?: number;
  /** Compose no `@resume`. */
  plain?: boolean;
  onResult?: (result: CaseResult) => void;
  say?: (line: string) => void;
}

export interface ForeignGateway {
  url: string;
  name: string;
  supergraphOut: string;
  reloadCommand?: string;
  authUrl?: string;
  jwksPort?: number;
}

interface Launched {
  url: string;
  control: GatewayProcess;
}

const ALONE_DEADLINE_MS = 10 * 60_000;

/** Starts the gateway, runs the suite against it, and stops everything. */
export async function runOnKnown(gateway: KnownGateway, settings: RunSettings): Promise<Report> {
  const version = await gateway.prepare();
  const cases = chosen(settings.only);
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const world = await startWorld({ portBase: settings.portBase ?? 0, deadlineMs: settings.deadlineMs });
  const tokens = await startTokenIssuer(gateway.tokens.algorithm, gateway.tokens.claims);
  const supergraph = join(folder, 'supergraph.graphql');
  const processes: GatewayProcess[] = [];
  const launch = async (auth: boolean): Promise<Launched> => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/graphql`;
    const issuer = auth ? { issuerUrl: tokens.url, jwksUrl: tokens.jwksUrl } : null;
    // A file of its own: sessions are watched while the other one changes.
    const file = auth ? await reload.copyTo(join(folder, 'supergraph-sessions.graphql')) : supergraph;
    const started = new GatewayProcess(await gateway.command({ supergraph: file, port, auth: issuer }), url);
    processes.push(started);
    await started.start();
    return { url, control: started };
  };
  let open: Launched | undefined;
  const reload = new Reload({
    file: supergraph,
    urls: world.urls,
    graphqlUrl: () => open!.url,
    directives: settings.plain !== true,
    command: undefined,
    deadlineMs: settings.deadlineMs,
  });
  try {
    await reload.writeFirst();
    open = await launch(false);
    const guarded = cases.some(({ needs }) => needs === 'auth') ? await launch(true) : null;
    const common = { world, deadlineMs: settings.deadlineMs, settleMs: settings.settleMs ?? gateway.settleMs };
    const target: Target = { ...common, ...open, reload, tokens: null };
    const authTarget: Target | null = guarded && { ...common, ...guarded, reload: null, tokens };
    const results = await runCases({ cases, target, authTarget, onResult: settings.onResult ?? (() => undefined) });
    return { gateway: gateway.title, version, setup: gateway.setup, ranAt: new Date().toISOString(), cases: results };
  } finally {
    await Promise.all(processes.map((started) => started.stop()));
    await Promise.all([world.stop(), tokens.stop(), rm(folder, { recursive: true, force: true })]);
  }
}

/** Runs the suite against a gateway that somebody else starts, as soon as it answers. */
export async function runOnForeign(gateway: ForeignGateway, settings: RunSettings): Promise<Report> {
  const { deadlineMs, settleMs = 5_000, say = () => undefined } = settings;
  const world = await startWorld({ portBase: settings.portBase ?? 0, deadlineMs });
  const tokens = gateway.authUrl
    ? await startTokenIssuer('RS256', { issuer: 'conformance', audience: 'conformance', subject: 'suite', more: {} }, gateway.jwksPort)
    : null;
  const reload = new Reload({
    file: gateway.supergraphOut,
    urls: world.urls,
    graphqlUrl: () => gateway.url,
    directives: settings.plain !== true,
    command: gateway.reloadCommand,
    deadlineMs,
  });
  try {
    await reload.writeFirst();
    say(`The supergraph is in ${gateway.supergraphOut}; subgraphs answer at ${Object.values(world.urls).join(', ')}.`);
    if (tokens) say(`Tokens are checked with the key at ${tokens.jwksUrl}.`);
    say(`Waiting for a gateway at ${gateway.url} …`);
    await poll(() => answersGraphQL(gateway.url), `nothing answers at ${gateway.url}`, ALONE_DEADLINE_MS, 500);
    const target: Target = { url: gateway.url, world, deadlineMs, settleMs, reload, control: null, tokens: null };
    const authTarget: Target | null = gateway.authUrl ? { ...target, url: gateway.authUrl, reload: null, tokens } : null;
    const results = await runCases({ cases: chosen(settings.only), target, authTarget, onResult: settings.onResult ?? (() => undefined) });
    return { gateway: gateway.name, version: '', setup: gateway.url, ranAt: new Date().toISOString(), cases: results };
  } finally {
    await Promise.all([world.stop(), tokens?.stop()]);
  }
}

function chosen(only: string | undefined) {
  const cases = only === undefined ? ALL_CASES : ALL_CASES.filter(({ id }) => id.includes(only));
  if (cases.length === 0) throw new Error(`No case has "${only}" in its id.`);
  return cases;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
