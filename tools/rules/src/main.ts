import { parseArgs } from 'node:util';
import type { Account } from '@pulsegraph/platform-client';
import { applyRules, diffRules, exportRules, type CommandOptions } from './commands.js';
import { loadEnv } from './env.js';

const USAGE = `npm run rules -- export|diff|apply FILE.yaml [--url URL] [--token TOKEN | --email E-MAIL --password PASSWORD] [--prune]

  export    writes the rules, channels and escalation policies there are to the file
  diff      shows what apply would do; exits with 1 when that is anything
  apply     makes the installation what the file says

  --prune   also delete what the file does not name
  --token   an access token or API key; without one, PULSEGRAPH_TOKEN
  --password  without one, PULSEGRAPH_PASSWORD`;

const DIFFERS = 1;
const FAILED = 2;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://localhost:4000' },
      token: { type: 'string' },
      email: { type: 'string' },
      password: { type: 'string' },
      prune: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [command, file] = positionals;
  if (values.help || !command || !file) {
    console.log(USAGE);
    return values.help ? 0 : FAILED;
  }
  const env = loadEnv();
  const options: CommandOptions = {
    file,
    url: values.url,
    account: accountOf(values.email, values.password ?? env.password, values.token ?? env.token),
    prune: values.prune,
    variables: env.variables,
    report: (line) => console.log(line),
  };
  if (command === 'export') await exportRules(options);
  else if (command === 'apply') await applyRules(options);
  else if (command === 'diff') return (await diffRules(options)) ? DIFFERS : 0;
  else throw new Error(`There is no command "${command}": export, diff or apply.`);
  return 0;
}

function accountOf(email: string | undefined, password: string | undefined, token: string | undefined): Account {
  if (email !== undefined && password !== undefined) return { email, password };
  if (token !== undefined) return { token };
  throw new Error('Say who you are: --token, or --email and --password.');
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exit(FAILED);
  },
);
