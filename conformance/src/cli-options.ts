import { parseArgs } from 'node:util';

export const USAGE = `Conformance and chaos suite for federated GraphQL subscriptions.

  npm run conformance -- --start ours [--start hive] [--start hive-rust]
  npm run conformance -- --url URL --supergraph-out FILE [--subgraphs-port-base N]

  --start NAME            Start the gateway too: ours, hive, hive-rust (from npm, in a temporary folder). Several make several columns.
  --url URL               A gateway that you start: its GraphQL address, http://host:port/graphql.
  --name NAME             What to call it in the report. Default: the URL.
  --supergraph-out FILE   Where the supergraph is written that your gateway must load, and reload when it changes.
  --reload-command CMD    Run after each change, for a gateway that does not watch the file.
  --subgraphs-port-base N Ports of the suite's five subgraphs: N to N+4. Default: free ones.
  --auth-url URL          The same gateway, set up to check tokens: RS256, issuer and audience "conformance".
  --jwks-port N           Where the suite serves the key, /.well-known/jwks.json. Default: a free port.
  --plain                 Compose no @resume directive, for a gateway that refuses a supergraph with one.
  --only PATTERN          Only cases whose id has this in it.
  --deadline SECONDS      How long something may take that must happen. Default 20.
  --settle SECONDS        How long your gateway takes at most to look at the supergraph again. Default 5.
  --report FILE           Results as JSON; with several gateways, one list.
  --with FILE             Results of earlier runs, for the page. May be given several times.
  --markdown FILE         A page that compares the gateways.

Ends with 1 when a case failed.
`;

export interface SuiteOptions {
  start: string[];
  url: string | undefined;
  name: string | undefined;
  supergraphOut: string | undefined;
  reloadCommand: string | undefined;
  portBase: number;
  authUrl: string | undefined;
  jwksPort: number;
  plain: boolean;
  only: string | undefined;
  deadlineMs: number;
  settleMs: number | undefined;
  report: string | undefined;
  earlier: string[];
  markdown: string | undefined;
}

/** @throws Error with one sentence that says what to do. */
export function parseCli(args: readonly string[]): SuiteOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      start: { type: 'string', multiple: true, default: [] },
      url: { type: 'string' },
      name: { type: 'string' },
      'supergraph-out': { type: 'string' },
      'reload-command': { type: 'string' },
      'subgraphs-port-base': { type: 'string', default: '0' },
      'auth-url': { type: 'string' },
      'jwks-port': { type: 'string', default: '0' },
      plain: { type: 'boolean', default: false },
      only: { type: 'string' },
      deadline: { type: 'string', default: '20' },
      settle: { type: 'string' },
      report: { type: 'string' },
      with: { type: 'string', multiple: true, default: [] },
      markdown: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.start.length === 0 && !values.url && values.with.length === 0)
    throw new Error('Say which gateway: --start NAME or --url URL; --help says more.');
  if (values.url && !values['supergraph-out'])
    throw new Error('Your gateway must load the suite’s supergraph: say with --supergraph-out where to write it.');
  return {
    start: values.start,
    url: values.url,
    name: values.name,
    supergraphOut: values['supergraph-out'],
    reloadCommand: values['reload-command'],
    portBase: numberOf('--subgraphs-port-base', values['subgraphs-port-base']),
    authUrl: values['auth-url'],
    jwksPort: numberOf('--jwks-port', values['jwks-port']),
    plain: values.plain,
    only: values.only,
    deadlineMs: numberOf('--deadline', values.deadline) * 1_000,
    settleMs: values.settle === undefined ? undefined : numberOf('--settle', values.settle) * 1_000,
    report: values.report,
    earlier: values.with,
    markdown: values.markdown,
  };
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new Error(`${option} must be a whole number, not "${text}".`);
  return number;
}
