import { readFile, writeFile } from 'node:fs/promises';
import { ALL_CASES } from './cases/all.js';
import { USAGE, parseCli, type SuiteOptions } from './cli-options.js';
import { runOnForeign, runOnKnown, type RunSettings } from './conformance.js';
import { inheritedEnvironment } from './env.js';
import { hive } from './gateways/hive.js';
import type { KnownGateway } from './gateways/known-gateway.js';
import { ours } from './gateways/ours.js';
import { renderMarkdown } from './report/markdown.js';
import { countsOf, type Report } from './report/report.js';

const say = (line: string) => void process.stdout.write(`${line}\n`);

function known(name: string): KnownGateway {
  const environment = inheritedEnvironment();
  if (name === 'ours') return ours(environment);
  if (name === 'hive') return hive(environment, 'javascript');
  if (name === 'hive-rust') return hive(environment, 'rust');
  throw new Error(`The suite can start ours, hive and hive-rust, not "${name}".`);
}

async function runAll(options: SuiteOptions): Promise<Report[]> {
  const settings: RunSettings = {
    only: options.only,
    deadlineMs: options.deadlineMs,
    settleMs: options.settleMs,
    portBase: options.portBase,
    plain: options.plain,
    say,
    onResult: ({ id, verdict, evidence, durationMs }) =>
      say(
        `${verdict.padEnd(11)} ${id.padEnd(38)} ${`${(durationMs / 1_000).toFixed(1)} s`.padStart(7)}  ${evidence.split('\n')[0]!.slice(0, 160)}`,
      ),
  };
  const reports: Report[] = [];
  for (const name of options.start) {
    const gateway = known(name);
    say(`\n— ${gateway.title}`);
    reports.push(await runOnKnown(gateway, settings));
  }
  if (options.url) {
    const { url, name = options.url, supergraphOut, reloadCommand, authUrl, jwksPort } = options;
    reports.push(await runOnForeign({ url, name, supergraphOut: supergraphOut!, reloadCommand, authUrl, jwksPort }, settings));
  }
  return reports;
}

async function main(): Promise<number> {
  const options = parseCli(process.argv.slice(2));
  if (options === 'help') {
    say(USAGE);
    return 0;
  }
  const reports = await runAll(options);
  if (options.report) await writeFile(options.report, `${JSON.stringify(reports, null, 2)}\n`);
  if (options.markdown) {
    const earlier = await Promise.all(options.earlier.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Report[]));
    await writeFile(options.markdown, renderMarkdown(ALL_CASES, [...reports, ...earlier.flat()]));
  }
  for (const { gateway, cases } of reports) {
    const { pass, fail, unsupported, 'not-run': notRun } = countsOf(cases);
    say(`\n${gateway}: ${pass} pass, ${fail} fail, ${unsupported} unsupported, ${notRun} not run`);
  }
  return reports.some(({ cases }) => countsOf(cases).fail > 0) ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  },
);
