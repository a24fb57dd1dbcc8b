import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, freePort, testDatabase } from '@pulsegraph/testkit';
import { Webhook } from 'standardwebhooks';
import { SMALL_GRAPH } from '../testing/small-graph.js';
import { startSmallGateway } from '../testing/small-gateway.js';
import { startTestRegistry, type TestRegistry } from '../testing/test-registry.js';
import { usageReport } from '../testing/usage.js';
import { runCli } from './run-cli.js';
import { withEnumArguments } from './source.js';

const ROOT = resolve(__dirname, '..', '..', '..');
const db = testDatabase('registry');
let r: TestRegistry;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsegraph-cli-'));
  r = await startTestRegistry(db.url);
  await r.publishSmallGraph();
});
afterAll(async () => {
  await r?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function schema(args: string[], environment: NodeJS.ProcessEnv = {}, stop = new AbortController().signal) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    environment: { REGISTRY_URL: r.url, REGISTRY_KEY: r.adminKey, ...environment },
    say: (text) => out.push(text),
    complain: (text) => err.push(text),
    stop,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

async function fileOf(sdl: string): Promise<string> {
  const path = join(folder, 'proposal.graphql');
  await writeFile(path, sdl);
  return path;
}
const withoutPlace = SMALL_GRAPH.devices.replace('  "Where it stands."\n  place: String\n', '');

describe('exit codes', () => {
  beforeAll(() => r.report(usageReport([{ client: 'kiosk', name: 'Places', document: 'query Places { devices { place } }', count: 7 }])));

  it('0: a check that passes; 1: one that names whom it would break', async () => {
    const fine = await schema(['check', 'devices', '--file', await fileOf(SMALL_GRAPH.devices)]);
    expect(fine).toMatchObject({ code: 0, err: '' });
    expect(fine.out).toContain('PASSED  devices');
    const breaking = await schema(['check', 'devices', '--file', await fileOf(withoutPlace)]);
    expect(breaking.code).toBe(1);
    expect(breaking.out).toMatch(/FAILED {2}devices\n {2}1 change would break kiosk 1\.0\./);
    expect(breaking.out).toContain('kiosk 1.0, Places: 7 executions');
    expect((await schema(['publish', 'devices', '--file', await fileOf(withoutPlace)])).code).toBe(1);
  });

  it('the same as JSON, and as a comment whose text cannot be markup', async () => {
    const file = await fileOf(withoutPlace);
    const json = await schema(['check', 'devices', '--file', file, '--format', 'json']);
    expect(JSON.parse(json.out)).toMatchObject({
      verdict: 'failed',
      changes: [{ path: 'Device.place', affected: [{ client: 'kiosk', count: 7 }] }],
    });
    const { out } = await schema(['check', 'devices', '--file', file, '--format', 'markdown']);
    expect(out).toContain('### Schema check of `devices`: ❌ failed');
    expect(out).toMatch(
      /\| breaks \| `Field 'place' was removed from object type 'Device'` \| `kiosk 1\.0, Places: 7 executions` \| `[0-9a-f]{12}` \|/,
    );
  });

  it.each([
    ['no command', [] as string[], 2, ''],
    ['an unknown command', ['deploy'], 2, 'There is no command "deploy".'],
    ['an unknown option', ['history', '--colour'], 2, '--colour'],
    ['a file that is not there', ['check', 'devices', '--file', '/nowhere.graphql'], 2, '/nowhere.graphql cannot be read: ENOENT.'],
    ['a version that is no number', ['diff', 'one', '2'], 2, 'FROM must be a whole number, not "one".'],
    ['a rollback without a reason', ['rollback'], 2, '--reason is required.'],
    ['a version that there is not', ['rollback', '--to', '900', '--reason', 'x'], 2, 'There is no version 900 of the graph'],
  ])('2: %s', async (_what, args, code, message) => {
    const result = await schema(args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(message);
  });

  it('3: what does not compose, at its place and with a hint', async () => {
    const file = await fileOf(SMALL_GRAPH.devices.replace('place: String', 'place: Place'));
    for (const command of ['check', 'publish']) {
      const { code, out, err } = await schema([command, 'devices', '--file', file]);
      expect(code).toBe(3);
      expect(`${out}${err}`).toMatch(
        /devices\.graphql:9 {2}INVALID_GRAPHQL {2}.*Place[\s\S]*hint: Every type that is named must be defined here/,
      );
    }
  });

  it('4: a stale base; 5: a key without the right; 6: no registry', async () => {
    const file = await fileOf(SMALL_GRAPH.devices.replace('place: String', 'place: String\n  "Kg."\n  weightKg: Float'));
    expect(await schema(['publish', 'devices', '--file', file, '--base', '0'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('STALE_BASE') as unknown,
    });
    expect(await schema(['publish', 'devices', '--file', file], { REGISTRY_KEY: 'pgr_unknown' })).toMatchObject({ code: 5 });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await schema(['history'], { REGISTRY_URL: nobody })).toMatchObject({
      code: 6,
      err: `The registry at ${nobody} does not answer: start it, or set REGISTRY_URL.`,
    });
  });
});

it('history, diff and rollback tell in words what happened', async () => {
  const before = (await r.admin.history(1)).versions[0]!.version;
  const file = await fileOf(SMALL_GRAPH.users.replace('name: String!', 'name: String!\n  "For calls."\n  phone: String'));
  const published = await schema(['publish', 'users', '--file', file, '--message', 'phones', '--author', 'Grace', '--commit', 'abc']);
  expect(published.out).toContain(`in version ${before + 1} of the graph.\n  Field 'phone' was added to object type 'User'.`);
  expect((await schema(['diff', String(before), String(before + 1)])).out).toContain(
    "NON_BREAKING Field 'phone' was added to object type 'User'",
  );
  expect((await schema(['rollback', '--reason', 'no phones', '--author', 'Ada'])).out).toBe(
    `Version ${before + 2} of the graph is version ${before} again.`,
  );
  const { out } = await schema(['history', '--limit', '2']);
  expect(out).toMatch(/rollback {2}Ada .*no phones\n {5}Went back to version \d+: no phones\n\d+ .*publish {2}Grace {2}abc {2}phones/);
});

it('a webhook hears of publish, check and rollback, signed so that the receiver can tell', async () => {
  const heard: { headers: Record<string, string>; body: string }[] = [];
  let refusals = 1;
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      // The first attempt fails: it comes again.
      if ((refusals -= 1) >= 0) return void response.writeHead(503).end();
      heard.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const { out: secret } = await schema(['webhook', '--url', `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`]);
  const file = await fileOf(SMALL_GRAPH.alerts.replace('severity: Int!', 'severity: Int!\n  "More."\n  detail: String'));
  await schema(['check', 'alerts', '--file', file]);
  await eventually(async () => expect(await db.rows('select from webhook_delivery where last_error is not null')).toHaveLength(1));
  await db.rows('update webhook_delivery set next_at = now()');
  await schema(['publish', 'alerts', '--file', file]);
  await schema(['rollback', '--reason', 'enough']);
  await eventually(() =>
    expect(heard.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort()).toEqual([
      'schema.checked',
      'schema.published',
      'schema.rolled_back',
    ]),
  );
  for (const { headers, body } of heard) expect(new Webhook(secret).verify(body, headers)).toBeDefined();
  expect(() => new Webhook(secret).verify(heard[0]!.body.replace('alerts', 'users'), heard[0]!.headers)).toThrow();
  await new Promise((done) => receiver.close(done));
});

describe('docs/guides/add-a-subgraph.md', () => {
  let service: ChildProcess | undefined;
  afterEach(() => void service?.kill('SIGKILL'));

  it('leads from nothing to a fifth subgraph that a running gateway serves', async () => {
    const guide = await readFile(join(ROOT, 'docs/guides/add-a-subgraph.md'), 'utf8');
    const blocks = (language: string) =>
      [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
    const [sdl, query] = blocks('graphql');
    // Beside the repository's packages, as the guide asks.
    const place = await mkdtemp(join(ROOT, 'schema', '.guide-'));
    const port = await freePort();
    const g = await startSmallGateway(r);
    const ending = new AbortController();
    try {
      await writeFile(join(place, 'weather.graphql'), sdl!);
      await writeFile(join(place, 'weather.cjs'), blocks('js')[0]!);
      service = spawn(process.execPath, ['weather.cjs'], { cwd: place, env: { ...process.env, PORT: String(port) } });
      await eventually(async () =>
        expect(
          (await fetch(`http://127.0.0.1:${port}/?query=%7B__typename%7D`, { headers: { 'apollo-require-preflight': '1' } })).status,
        ).toBe(200),
      );

      const commands = blocks('sh').flatMap((block) => block.match(/^.*npm run schema -- .*$/gm) ?? []);
      expect(commands.map((command) => /-- (\w+)/.exec(command)?.[1])).toEqual(['key', 'check', 'publish']);
      let key: string | undefined;
      for (const command of commands) {
        const words = [...command.split('npm run schema -- ')[1]!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
        const args = words.map((word) =>
          word.replace('http://localhost:4005/', `http://127.0.0.1:${port}/`).replace(/^weather\.graphql$/, join(place, 'weather.graphql')),
        );
        const { code, out, err } = await schema(args, key ? { REGISTRY_KEY: key } : {});
        expect({ code, err }).toEqual({ code: 0, err: '' });
        key ??= out;
      }
      await eventually(async () => expect(await g.ask(query!)).toEqual({ data: { weatherAt: { temperatureC: 21.5 } } }));
      expect(await g.ask('{ device(id: "1") { name weather { temperatureC } } }')).toEqual({
        data: { device: { name: 'device 1', weather: { temperatureC: 19 } } },
      });

      // And the way beside it: a gateway for the team alone, which takes each change of the working copy.
      const gatewayPort = await freePort();
      const running = schema(
        [
          'dev',
          '--subgraph',
          'weather',
          '--url',
          `http://127.0.0.1:${port}/`,
          '--file',
          join(place, 'weather.graphql'),
          '--port',
          String(gatewayPort),
        ],
        {},
        ending.signal,
      );
      const ask = async (text: string) => {
        const response = await fetch(`http://127.0.0.1:${gatewayPort}/graphql?query=${encodeURIComponent(text)}`);
        return (await response.json()) as { data?: unknown; errors?: unknown };
      };
      await eventually(async () => expect(await ask(query!)).toEqual({ data: { weatherAt: { temperatureC: 21.5 } } }));
      await writeFile(join(place, 'weather.graphql'), sdl!.replace('weatherAt', 'weatherNear'));
      await eventually(async () =>
        expect(JSON.stringify(await ask('{ __type(name: "Query") { fields { name } } }'))).toContain('weatherNear'),
      );
      await writeFile(join(place, 'weather.graphql'), 'type {');
      ending.abort();
      expect((await running).code).toBe(0);
    } finally {
      ending.abort();
      await g.stop();
      await rm(place, { recursive: true, force: true });
    }
  });
});

it('an enum in a directive, which subgraphs print as a string, is written back', () => {
  const printed =
    'directive @delivery(policy: Policy!) on FIELD_DEFINITION\nenum Policy { ALL }\ntype Query { a: Int @delivery(policy: "ALL") }';
  expect(withEnumArguments(printed)).toContain('@delivery(policy: ALL)');
});
