import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROLES, may, type Role } from '@pulsegraph/contracts';
import { readAccess } from '@pulsegraph/kit/subgraph';
import { eventually } from '@pulsegraph/testkit';
import { parse } from 'graphql';
import { aDevice, aProfile, connectDevice, readingsTopic, type RegisteredDevice } from './client/device.js';
import { postGraphQL, signIn, type GraphQLAnswer, type SignedInClient } from './client/graphql-client.js';
import { everyOperation, type Ids } from './security/operations.js';
import { furnish, MARK, stateOf } from './security/world.js';
import { ROOT } from './stack/process.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

const PASSWORD = 'a long enough walk in the park';
const NOBODY = '00000000-0000-4000-8000-000000000000';
/** These end the session or the account of whoever calls them; they act on the caller alone. */
const ON_ONESELF = new Set(['signOut', 'enrollMfa', 'confirmMfa', 'disableMfa', 'changePassword', 'refreshSession', 'endSession']);

describe('people who try', () => {
  let stack: StandaloneStack;
  let owner: SignedInClient;
  let stranger: SignedInClient;
  let ids: Ids;
  let device: RegisteredDevice;
  const tally = { tried: 0, refused: 0, surprises: [] as string[] };
  const ACCESS = readAccess(parse(readFileSync(join(ROOT, 'schema', 'supergraph.graphql'), 'utf8')));

  const note = (refused: boolean, surprise: string | null = null) => {
    tally.tried += 1;
    if (refused) tally.refused += 1;
    if (surprise !== null) tally.surprises.push(surprise);
  };
  const codeOf = ({ errors }: GraphQLAnswer<unknown>) => errors?.[0]?.extensions?.code;
  /** Ours, and no fault of a part: whatever is sent, nothing may break. */
  const noFault = (name: string, answer: GraphQLAnswer<unknown>) =>
    note(
      answer.errors !== undefined,
      answer.errors?.some(({ extensions }) => extensions?.code === 'INTERNAL_SERVER_ERROR')
        ? `${name}: ${JSON.stringify(answer.errors).slice(0, 300)}`
        : null,
    );

  beforeAll(async () => {
    stack = await startStandalone({
      ADMIN_EMAIL: 'walker@main.test',
      ADMIN_PASSWORD: PASSWORD,
      RATE_LIMIT_STRANGER: '100000',
      RATE_LIMIT_SIGN_IN: '80',
    });
    owner = await stack.signIn('admin');
    stranger = await signIn(stack.url, 'walker@main.test', PASSWORD);
    ({ ids, device } = await furnish(owner));
  }, 240_000);

  let surprises = 0;
  afterEach(() => {
    const found = tally.surprises.splice(0);
    surprises += found.length;
    expect(found).toEqual([]);
  });

  afterAll(async () => {
    process.stdout.write(`security: ${tally.tried} inputs tried, ${tally.refused} refused, surprises ${surprises}\n`);
    await owner?.close();
    await stranger?.close();
    await stack?.stop();
  }, 60_000);

  it('from another organization read, count and change nothing, and are told what they are told of what does not exist', async () => {
    const before = await stateOf(owner);
    const absent = Object.fromEntries(Object.keys(ids).map((noun) => [noun, NOBODY]));
    const elsewhere = everyOperation(absent);
    for (const [index, { kind, field, text, variables, named }] of everyOperation(ids).entries()) {
      if (kind === 'subscription' || ON_ONESELF.has(field)) continue;
      const answer = await stranger.answer(text, variables);
      const plain = JSON.stringify(answer);
      note(answer.errors !== undefined, plain.includes(MARK) ? `${field} shows ${plain.slice(0, 300)}` : null);
      if (!named) continue;
      const unknown = await stranger.answer(text, elsewhere[index]!.variables);
      const words = (each: GraphQLAnswer<unknown>) =>
        JSON.stringify(each.errors?.map(({ message, extensions }) => [message, extensions?.code]) ?? 'data').replaceAll(
          new RegExp(Object.values(ids).join('|'), 'g'),
          NOBODY,
        );
      const differs = words(answer) !== words(unknown);
      note(unknown.errors !== undefined, differs ? `${field} tells them apart: ${words(answer)} / ${words(unknown)}` : null);
    }
    expect(await stateOf(owner)).toBe(before);
  });

  it('without signing in reach only what is open to anyone', async () => {
    for (const { kind, field, text, variables } of everyOperation(ids)) {
      if (kind === 'subscription' || ON_ONESELF.has(field)) continue;
      const rule = ACCESS.get(`${kind === 'query' ? 'Query' : 'Mutation'}.${field}`);
      const answer = await postGraphQL(stack.url, text, variables);
      const open = rule?.audience === 'ANYONE';
      note(
        answer.errors !== undefined,
        !open && codeOf(answer) !== 'UNAUTHENTICATED' ? `${field}: ${JSON.stringify(answer).slice(0, 200)}` : null,
      );
      if (JSON.stringify(answer).includes(MARK)) tally.surprises.push(`${field} shows ${MARK} to anyone`);
    }
  });

  it.each(ROLES)('as %s do what the table allows and no more', async (role: Role) => {
    const person = await stack.signIn(role.toLowerCase() as 'viewer');
    for (const { kind, field, text, variables } of everyOperation(ids)) {
      if (kind === 'subscription' || ON_ONESELF.has(field)) continue;
      const rule = ACCESS.get(`${kind === 'query' ? 'Query' : 'Mutation'}.${field}`);
      if (!rule || rule.anyOf.length === 0) continue;
      // Nobody has opened this patient in an emergency: until somebody does it is closed to every role.
      const allowed = field !== 'emergencyPatient' && rule.anyOf.some((permission) => may(role, permission));
      if (allowed && kind === 'mutation') continue; // what it does is the subject of other tests
      // Who may not know patients may not filter by one either: that is asked elsewhere.
      if (!may(role, 'patients:read')) delete (variables.filter as Record<string, unknown> | undefined)?.patientId;
      const answer = await person.answer(text, variables);
      const forbidden = codeOf(answer) === 'FORBIDDEN' && (answer.errors?.[0]?.path?.length ?? 1) === 1;
      note(forbidden, allowed === forbidden ? `${role} ${field}: ${JSON.stringify(answer).slice(0, 200)}` : null);
      if (!may(role, 'patients:read') && JSON.stringify(answer.data ?? null).includes(`${MARK} patient`))
        tally.surprises.push(`${role} ${field} shows a patient`);
    }
    await person.close();
  });

  it('hear nothing of another organization, whatever they subscribe to', async () => {
    const heard = everyOperation(ids)
      .filter(({ kind }) => kind === 'subscription')
      .map(({ field, text, variables }) => ({ field, stream: stranger.subscribe(text, variables) }));
    const open = [
      'readings(filter: {}) { cursor readings { value } }',
      'deviceChanged { cursor change }',
      'alertChanged { cursor transition }',
    ].map((field) => ({
      field,
      stream: stranger.subscribe(`subscription { ${field} }`),
    }));
    const own = owner.subscribe<{ deviceChanged: { change: string } }>('subscription { deviceChanged { cursor change } }');
    await eventually(async () => {
      await owner.request('mutation ($id: ID!) { updateDevice(id: $id, input: { name: "zanzibar device" }) { id } }', { id: ids.device });
      expect(own.received.length).toBeGreaterThan(0);
    });
    const cursor = (own.received[0] as unknown as { deviceChanged: { cursor: string } }).deviceChanged.cursor;
    const borrowed = stranger.subscribe('subscription ($after: Cursor) { deviceChanged(after: $after) { cursor } }', { after: cursor });
    await eventually(() => expect(borrowed.faults[0]?.extensions?.code).toBe('CURSOR_EXPIRED'));
    for (const { field, stream } of [...heard, ...open]) {
      const events = stream.received.filter((event) => !JSON.stringify(event).includes('pipelineStatus'));
      note(events.length === 0, events.length > 0 ? `${field} hears ${JSON.stringify(events).slice(0, 200)}` : null);
      stream.close();
    }
    own.close();
  });

  it('with tokens that are none get nowhere', async () => {
    const [head = '', body = '', signature = ''] = stranger.token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const tokens = [
      `${encoded({ alg: 'none' })}.${body}.`,
      `${encoded({ alg: 'HS256' })}.${body}.${createHmac('sha256', 'guess').update('x').digest('base64url')}`,
      `${head}.${encoded({ ...claims, aud: 'another' })}.${signature}`,
      `${head}.${encoded({ ...claims, exp: 4_102_444_800, role: 'ADMIN' })}.${signature}`,
      `${head}.${body}.${'A'.repeat(signature.length)}`,
      'pgk_guess_0123456789abcdef0123456789abcdef',
      'null',
      `${'a'.repeat(6_000)}.b.c`,
    ];
    for (const token of tokens) {
      const answer = await postGraphQL(stack.url, '{ viewer { role } }', {}, token);
      note(true, codeOf(answer) === 'UNAUTHENTICATED' ? null : `token ${token.slice(0, 40)}: ${JSON.stringify(answer)}`);
    }
    const renew = (refreshToken: string) =>
      postGraphQL<{ refreshSession: { refreshToken: string } }>(
        stack.url,
        'mutation ($t: String!) { refreshSession(refreshToken: $t) { refreshToken } }',
        { t: refreshToken },
      );
    const session = await postGraphQL<{ signIn: { refreshToken: string } }>(
      stack.url,
      'mutation ($p: String!) { signIn(email: "walker@main.test", password: $p) { refreshToken } }',
      { p: PASSWORD },
    );
    const first = session.data!.signIn.refreshToken;
    const second = (await renew(first)).data!.refreshSession.refreshToken;
    const third = (await renew(second)).data!.refreshSession.refreshToken;
    note(true, codeOf(await renew(first)) === 'SESSION_EXPIRED' ? null : 'a refresh token worked twice');
    note(true, codeOf(await renew(third)) === 'SESSION_EXPIRED' ? null : 'its session went on');
    const forged = await fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-pulsegraph-viewer': `${encoded({ role: 'ADMIN' })}.${'A'.repeat(43)}` },
      body: '{"query":"{ devices { totalCount } }"}',
    });
    note(true, (await forged.text()).includes('UNAUTHENTICATED') ? null : 'a forged viewer passed the gateway');
  });

  it('with hostile documents and bodies are refused, and nothing breaks', async () => {
    const chain = Array.from({ length: 30 }, (_, index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`).join(' ');
    const documents = [
      `{ devices { nodes { ${'asset { devices { nodes { '.repeat(20)} id ${'} } }'.repeat(20)} } } }`,
      `{ ${Array.from({ length: 500 }, (_, index) => `a${index}: viewer { role }`).join(' ')} }`,
      `{ ...f0 } ${chain} fragment f30 on Query { viewer { role } }`,
      '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
      `{ viewer ${'@skip(if: false) '.repeat(500)} { role } }`,
      `{ devices(first: 2000000000) { nodes { id } } }`,
      `{ ${'viewer '.repeat(20_000)} }`,
      '{ __proto__: viewer { constructor: role toString } }',
      '{ devices(filter: { __proto__: { ids: [] } }) { totalCount } }',
    ];
    for (const query of documents) noFault(query.slice(0, 60), await stranger.answer(query));
    const post = (body: string | Buffer, type = 'application/json') =>
      fetch(`${stack.url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body }).then(
        (response) => response.status,
        () => 413,
      );
    const bodies: [string | Buffer, number][] = [
      [`{"query":"${'a'.repeat(10 << 20)}"}`, 413],
      [Buffer.concat([Buffer.from('{"query":"{ viewer '), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('}"}')]), 400],
      ['[{"query":"{__typename}"},{"query":"{__typename}"}]', 400],
      ['"text"', 400],
      ['{"query":{"$ne":null}}', 400],
    ];
    for (const [body, expected] of bodies) {
      const status = await post(body);
      note(status >= 400, status === expected ? null : `${body.toString().slice(0, 60)}: ${status}`);
    }
    noFault(
      '__proto__',
      await stranger.answer(
        'query ($f: DeviceFilter) { devices(filter: $f) { totalCount } }',
        JSON.parse('{"f":{"__proto__":{"ids":["x"]},"constructor":{}}}') as object,
      ),
    );
  });

  it('get no detail, no cookie for scripts and no framing from any answer', async () => {
    const page = await fetch(`${stack.url}/`);
    const policy = page.headers.get('content-security-policy') ?? '';
    note(
      true,
      /script-src 'self'(;|$)/.test(policy) && !policy.includes('unsafe') && policy.includes("frame-ancestors 'none'")
        ? null
        : `policy: ${policy}`,
    );
    const signedIn = await fetch(`${stack.url}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'walker@main.test', password: PASSWORD }),
    });
    const cookie = signedIn.headers.get('set-cookie') ?? '';
    note(true, /HttpOnly/i.test(cookie) && /SameSite=Strict/i.test(cookie) && /Path=\/auth/.test(cookie) ? null : `cookie: ${cookie}`);
    for (const path of ['/nowhere', '/auth/nothing', '/../../etc/passwd', '/internal/registry', '/debug/subscriptions', '/%00']) {
      const response = await fetch(`${stack.url}${path}`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
      const text = await response.text();
      note(
        response.status >= 400,
        response.status < 400 || /node_modules|at .*\.js|root:x/.test(text) || response.headers.has('x-powered-by')
          ? `${path}: ${text.slice(0, 200)}`
          : null,
      );
    }
    const evil = await fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{"query":"{__typename}"}',
    });
    note(evil.status === 403, evil.status === 403 ? null : `evil origin: ${evil.status}`);
  });

  it('find no SQL, template or path behind any string argument', async () => {
    const before = await stateOf(owner);
    const probes = [
      `' OR '1'='1`,
      `"; DROP TABLE device; --`,
      `\\'; SELECT pg_sleep(5); --`,
      '{{7*7}}${7*7}<%= 7*7 %>',
      '../../../../etc/passwd',
      '\u0000\ud800',
      '%27%20OR%201=1',
      '$(id)`id`',
    ];
    for (const { kind, field, text, variables, strings } of everyOperation(ids)) {
      if (kind === 'subscription' || ON_ONESELF.has(field) || field === 'signIn') continue;
      for (const path of strings) {
        await Promise.all(
          probes.map(async (probe) => {
            const answer = await stranger.answer(text, withValue(variables, path.split('.'), probe));
            noFault(`${field} ${path} ${JSON.stringify(probe)}`, answer);
            const plain = JSON.stringify(answer);
            if (plain.includes(MARK) || plain.includes('root:x:') || plain.includes('syntax error'))
              tally.surprises.push(`${field} ${path}: ${plain.slice(0, 200)}`);
          }),
        );
      }
    }
    expect(await stateOf(owner)).toBe(before);
  });

  it('as a device stay below their own topics', async () => {
    const spy = await aDevice(stranger, 'spy', await aProfile(stranger, 'spy'));
    const heard: string[] = [];
    for (const topic of [
      '#',
      '+/+/+/+/#',
      `pulse/v1/${device.username}/#`,
      'pulse/v1/+/+/readings',
      '$SYS/#',
      `pulse/v1/${'x'.repeat(300)}/#`,
    ]) {
      const client = await connectDevice(stack.mqttUrl, spy, { reconnectPeriod: 0 });
      client.on('message', (given) => heard.push(given));
      client.on('error', () => undefined);
      const closed = new Promise<boolean>((resolve) => client.once('close', () => resolve(false)));
      const granted = client.subscribeAsync(topic).then(
        (grants) => grants.some(({ qos }) => (qos as number) < 128),
        () => false,
      );
      const got = await Promise.race([closed, granted]);
      note(!got, got ? `subscribed to ${topic}` : null);
      await client.endAsync(true);
    }
    const real = await connectDevice(stack.mqttUrl, device);
    await real.publishAsync(readingsTopic(device), '{"values":{"temperature":21}}', { qos: 1 });
    for (const topic of [
      readingsTopic(device),
      `pulse/v1/${device.username}/status`,
      `pulse/v1/${device.username}/commands/1`,
      'a/'.repeat(5_000),
    ]) {
      const again = await connectDevice(stack.mqttUrl, spy, { reconnectPeriod: 0 });
      again.on('error', () => undefined);
      const closed = new Promise<boolean>((resolve) => again.once('close', () => resolve(false)));
      const taken = again.publishAsync(topic, '{"values":{"temperature":99}}', { qos: 1, retain: true }).then(
        () => true,
        () => false,
      );
      const accepted = await Promise.race([closed, taken]);
      await again.endAsync(true);
      // MQTT 3.1.1 knows no refusal: what was acknowledged must still have reached nobody, see below.
      note(!accepted);
    }
    const will = { topic: `pulse/v1/${device.username}/status`, payload: Buffer.from('offline'), qos: 1 as const, retain: true };
    const liar = await connectDevice(stack.mqttUrl, spy, { will, reconnectPeriod: 0 }).catch(() => null);
    note(liar === null);
    // Taken or not, it must not be told: without a goodbye the broker would publish it.
    liar?.on('error', () => undefined);
    const gone = new Promise<void>((resolve) => (liar ? liar.once('close', () => resolve()) : resolve()));
    liar?.stream.destroy();
    await gone;
    await liar?.endAsync(true);
    await real.publishAsync(readingsTopic(device), '{"values":{"temperature":22}}', { qos: 1 });
    const latest = async () =>
      (
        await owner.request<{ device: { connectivity: string; latest: { value: number }[]; statistics: { max: number } } }>(
          'query ($id: ID!) { device(id: $id) { connectivity latest { value } statistics(metric: "temperature") { max } } }',
          { id: device.id },
        )
      ).device;
    await eventually(async () => expect((await latest()).latest).toMatchObject([{ value: 22 }]));
    await eventually(async () => expect((await latest()).connectivity).toBe('ONLINE'));
    const { max } = (await latest()).statistics;
    note(true, max === 22 ? null : `a foreign device wrote ${max}`);
    note(true, heard.length > 0 ? `a foreign device heard ${heard.join(', ')}` : null);
    await real.endAsync(true);
  });

  it('who guess passwords are slowed down', async () => {
    const codes = new Set<string | undefined>();
    for (let round = 0; round < 15 && !codes.has('RATE_LIMITED'); round += 1) {
      const guesses = Array.from({ length: 20 }, (_, index) => `nobody${round * 20 + index}@demo.test`);
      const answers = await Promise.all(
        guesses.map((e) =>
          postGraphQL(stack.url, 'mutation ($e: String!) { signIn(email: $e, password: "wrong wrong wrong") { accessToken } }', { e }),
        ),
      );
      for (const answer of answers) {
        codes.add(codeOf(answer));
        note(answer.errors !== undefined, answer.data ? 'signed in with a wrong password' : null);
      }
    }
    expect(codes).toContain('RATE_LIMITED');
  });
});

function withValue(object: unknown, [key = '', ...rest]: string[], value: string): Record<string, unknown> {
  const source = (Array.isArray(object) ? { ...(object as unknown[]) } : object) as Record<string, unknown>;
  const child = source[key];
  if (rest.length === 0) return { ...source, [key]: Array.isArray(child) ? [value] : value };
  return { ...source, [key]: Array.isArray(child) ? [withValue(child[0], rest, value)] : withValue(child, rest, value) };
}
