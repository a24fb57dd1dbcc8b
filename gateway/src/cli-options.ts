import { parseArgs } from 'node:util';

export const USAGE = `Runs the gateway on any Federation 2 supergraph.

  npm run gateway -- --supergraph FILE-or-URL [--port N] [--no-auth] [--trusted-documents FILE]

  --supergraph         A file, which is watched, or a URL, which is polled. Subgraphs are at the URLs in it.
  --port               Default 4000.
  --no-auth            Nobody is asked who they are. Listens on the loopback interface only.
                       Without it, the environment says how tokens are checked; see gateway/src/env.ts.
  --trusted-documents  A JSON file { "sha256": "document" }: no other document is run.
  --poll MS            How often a URL is asked. Default 5000.
`;

export interface CliOptions {
  supergraph: string;
  port: number;
  auth: boolean;
  trustedDocuments: string | undefined;
  pollMs: number;
}

/** @throws Error with one sentence that says what to do. */
export function parseCli(args: readonly string[]): CliOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      supergraph: { type: 'string' },
      port: { type: 'string', default: '4000' },
      'no-auth': { type: 'boolean', default: false },
      'trusted-documents': { type: 'string' },
      poll: { type: 'string', default: '5000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (!values.supergraph) throw new Error('Name the supergraph: --supergraph FILE-or-URL.');
  return {
    supergraph: values.supergraph,
    port: wholeNumber('--port', values.port, 65_535),
    auth: !values['no-auth'],
    trustedDocuments: values['trusted-documents'],
    pollMs: wholeNumber('--poll', values.poll, 86_400_000),
  };
}

function wholeNumber(option: string, text: string, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > max)
    throw new Error(`${option} must be a whole number up to ${max}, not "${text}".`);
  return number;
}
