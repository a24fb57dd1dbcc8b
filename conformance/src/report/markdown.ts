import type { ConformanceCase, Level } from '../suite/case.js';
import type { CaseResult } from '../suite/run.js';
import { countsOf, type Report } from './report.js';

const MARK: Record<CaseResult['verdict'], string> = { pass: 'pass', fail: '**fail**', unsupported: 'unsupported', 'not-run': 'not run' };
const GROUPS: Record<string, string> = {
  events: 'Events',
  protocol: 'graphql-transport-ws',
  operations: 'Operations that go wrong end alone',
  sse: 'GraphQL over SSE, distinct connections',
  sharing: 'Sharing',
  unsubscribe: 'The last one to leave',
  pressure: 'Slow and frozen clients',
  upstream: 'Subgraphs that restart and die',
  resume: 'Resuming',
  session: 'Sessions',
  reload: 'Another supergraph under open subscriptions',
  restart: 'A restart of the gateway',
};
const LEVELS: Record<Level, string> = { specification: 'S', robustness: 'R', extension: 'E' };
const LONGEST_EVIDENCE = 220;

/** One page that compares gateways case by case. The cases' own words, so that the page cannot fall behind them. */
export function renderMarkdown(cases: readonly ConformanceCase[], reports: readonly Report[]): string {
  const lines = [
    '<!-- Written by `npm run conformance -- --markdown`; edits are lost. -->',
    '',
    '# Federated subscriptions: what gateways do',
    '',
    'What the [conformance suite](../guides/conformance-suite.md) saw. **S**: GraphQL, Federation or the transport’s protocol demand it. **R**: nobody wrote it down, but a client in production cannot do without. **E**: an extension; a gateway without it is not wrong, it is *unsupported*.',
    '',
    row(['gateway', 'version', 'pass', 'fail', 'unsupported', 'not run', 'started as', 'on']),
    row(Array.from({ length: 8 }, () => '---')),
    ...reports.map(({ gateway, version, setup, ranAt, cases: results }) => {
      const counts = countsOf(results);
      return row([gateway, version, counts.pass, counts.fail, counts.unsupported, counts['not-run'], setup, ranAt.slice(0, 10)]);
    }),
    '',
  ];
  for (const [group, title] of Object.entries(GROUPS)) {
    const members = cases.filter(({ id }) => id.startsWith(`${group}/`));
    if (members.length === 0) continue;
    lines.push(
      `## ${title}`,
      '',
      row(['case', '', ...reports.map(({ gateway }) => gateway)]),
      row(['---', '---', ...reports.map(() => '---')]),
    );
    for (const { id, name, why, level } of members) {
      const verdicts = reports.map(({ cases: results }) => {
        const found = results.find((result) => result.id === id);
        return found ? MARK[found.verdict] : 'not run';
      });
      lines.push(row([`**${name}**<br>${why}`, LEVELS[level], ...verdicts]));
    }
    lines.push('');
    const seen = reports.flatMap(({ gateway, cases: results }) =>
      results
        .filter(({ id, verdict, evidence }) => id.startsWith(`${group}/`) && verdict !== 'pass' && evidence !== '')
        .map(({ id, verdict, evidence }) => `- ${gateway}, \`${id}\`, ${verdict}: ${shorten(evidence)}`),
    );
    if (seen.length > 0) lines.push('Seen:', '', ...seen, '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

function shorten(evidence: string): string {
  const line = evidence.split('\n')[0]!;
  const text = line.length > LONGEST_EVIDENCE ? `${line.slice(0, LONGEST_EVIDENCE)}…` : line;
  // As code: what gateways say may look like markup.
  return `\`${text.replaceAll('`', 'ʼ')}\``;
}
