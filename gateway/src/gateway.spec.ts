import { request as httpRequest } from 'node:http';
import { auditServer } from 'graphql-http';
import { INTERNAL_TOKEN } from './testing/test-graph.js';
import { startTestGateway, type TestGateway } from './testing/test-gateway.js';

describe.each([
  ['in-process subgraphs', false],
  ['subgraphs over HTTP', true],
])('queries with %s', (_name, remote) => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(remote);
  });
  afterAll(() => g.stop());

  it('resolves entities across subgraphs', async () => {
    const { status, body } = await g.query('{ latest { value device { name asset { name } tag } } }');
    expect(body).toEqual({ data: { latest: [{ value: 1, device: { name: 'Device 1', asset: { name: 'Line 1' }, tag: 'tag of S1' } }] } });
    expect(status).toBe(200);
  });

  it('passes a coded error on with its path, and the data beside it', async () => {
    const { body, status } = await g.query('{ latest { value } device(id: "none") { name } }');
    expect(body.data).toEqual({ latest: [{ value: 1 }], device: null });
    expect(body.errors).toEqual([{ message: 'No such device.', path: ['device'], extensions: { code: 'NOT_FOUND' } }]);
    expect(status).toBe(200);
  });

  it('masks a fault and gives the request id to look for', async () => {
    const { body } = await g.query('{ broken }', { headers: { 'x-request-id': 'find-me' } });
    expect(body.errors).toHaveLength(1);
    expect(body.errors![0]).toMatchObject({ path: ['broken'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'find-me' } });
    expect(JSON.stringify(body)).not.toMatch(/hunter2/);
  });

  it('names the path of a variable that does not fit', async () => {
    const { body, status } = await g.query('query($i: EchoInput!) { echo(input: $i) }', { variables: { i: { text: 3 } } });
    expect(body.errors![0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', path: 'i.text' } });
    expect(body).not.toHaveProperty('data');
    expect(status).toBe(400);
  });

  it('keeps an argument error of a subgraph with its path', async () => {
    const mutation = 'mutation($n: String!) { rename(id: "d2", name: $n) { name } }';
    const token = await g.identity.token({ role: 'ADMIN' });
    const tooLong = await g.query(mutation, { variables: { n: 'x'.repeat(50) }, token });
    expect(tooLong.body.errors![0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', path: 'name' } });
    expect((await g.query(mutation, { variables: { n: 'Press 2' }, token })).body).toEqual({ data: { rename: { name: 'Press 2' } } });
  });

  it('forwards the caller, the request id and the client address', async () => {
    g.world.requests.length = 0;
    const { headers } = await g.query('{ whoAmI }', { headers: { 'x-request-id': 'r-77', 'user-agent': 'spec/1' } });
    expect(headers.get('x-request-id')).toBe('r-77');
    expect(g.world.requests.at(-1)).toMatchObject({ requestId: 'r-77', userAgent: 'spec/1', clientAddress: '127.0.0.1' });
    expect((await g.query('{ whoAmI }')).body.data).toEqual({ whoAmI: 'OPERATOR Olga' });
  });

  it('leaves strangers to the resolvers, and refuses a wrong role', async () => {
    expect((await g.query('{ whoAmI }', { token: null })).body.errors![0]).toMatchObject({
      path: ['whoAmI'],
      extensions: { code: 'UNAUTHENTICATED' },
    });
    const { body } = await g.query('mutation { rename(id: "d2", name: "no") { name } }');
    expect(body.errors![0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  });

  it.each([
    ['changed', (token: string) => `${token.slice(0, -4)}AAAA`],
    ['not a token', () => 'nonsense'],
  ])('refuses a token that is %s', async (_what, change) => {
    const { status, body, headers } = await g.query('{ latest { value } }', { token: change(await g.identity.token()) });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('refuses a token that is over or whose session was revoked', async () => {
    expect((await g.query('{ whoAmI }', { token: await g.identity.token({ expiresInS: -60 }) })).status).toBe(401);
    const token = await g.identity.token({ sessionId: 'gone' });
    expect((await g.query('{ whoAmI }', { token })).status).toBe(200);
    g.identity.revokeSession('gone');
    expect((await g.query('{ whoAmI }', { token })).status).toBe(401);
  });

  it('fetches the entities of a list in one go', async () => {
    g.world.requests.length = 0;
    const { body } = await g.query('{ devices(first: 50) { name latest { value } } }');
    expect(body.data!.devices as unknown[]).toHaveLength(50);
    expect(g.world.requests).toHaveLength(2);
  });
});

describe('queries declared @cached', () => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(false);
  });
  afterAll(() => g.stop());
  const number = async (query: string, options?: Parameters<TestGateway['query']>[1]) =>
    ((await g.query(query, options)).body.data!.report as { number: number }).number;

  it('are answered once for an organization and role, whoever asks', async () => {
    const query = 'query($of: String) { report(of: $of) { number text } }';
    const otto = await g.identity.token({ name: 'Otto', userId: '22222222-2222-4222-8222-222222222222' });
    const [first, together] = await Promise.all([number(query), number(query)]);
    expect([together, await number(query, { token: otto })]).toEqual([first, first]);
    expect(await number(query, { variables: { of: 'line 1' } })).not.toBe(first);
    expect(await number(query, { token: await g.identity.token({ role: 'ADMIN' }) })).not.toBe(first);
    expect(await number(query, { token: await g.identity.token({ organizationId: '33333333-3333-4333-8333-333333333333' }) })).not.toBe(
      first,
    );
  });

  it('are not kept with another field beside them, nor with errors', async () => {
    const mixed = '{ report { number } counted }';
    expect(await number(mixed)).not.toBe(await number(mixed));
    const before = g.world.reports;
    await g.query('{ failingReport { number } }');
    await g.query('{ failingReport { number } }');
    expect(g.world.reports - before).toBe(2);
  });
});

describe('a subgraph that is away', () => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(true, { limits: { subgraphDeadlineMs: 300 } });
  });
  afterAll(() => g.stop());

  it('leaves the rest of the answer whole and says what is missing', async () => {
    await g.served.get('devices')!.close();
    const { status, body } = await g.query('{ latest { value device { id name } } }');
    expect(status).toBe(200);
    expect(body.data).toEqual({ latest: [{ value: 1, device: null }] });
    expect(body.errors).toHaveLength(1);
    expect(body.errors![0]!.extensions).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      service: 'devices',
      missing: ['latest.@.device.name'],
    });
    const root = await g.query('{ devices { name } counted }');
    expect(root.body.errors![0]).toMatchObject({ path: ['devices'], extensions: { code: 'SERVICE_UNAVAILABLE' } });
    for (let n = 0; n < 6; n += 1) await g.query('{ whoAmI }');
    expect((await g.query('{ whoAmI }')).body.errors![0]!.extensions).toMatchObject({ reason: 'circuit-open' });
    const ready = (await (await fetch(`${g.url}/health/ready`)).json()) as {
      status: string;
      dependencies: Record<string, { status: string }>;
    };
    expect(ready.status).toBe('degraded');
    expect(ready.dependencies['subgraph:devices']!.status).toBe('down');
  });

  it('is asked again when it is back', async () => {
    await g.serveAgain('devices');
    let body = (await g.query('{ whoAmI }')).body;
    while (body.errors) body = (await g.query('{ whoAmI }')).body;
    expect(body.data).toEqual({ whoAmI: 'OPERATOR Olga' });
  });

  it('does not hold an answer longer than its deadline', async () => {
    const { body } = await g.query('{ slow counted }');
    expect(body.errors![0]).toMatchObject({
      path: ['slow'],
      extensions: { code: 'SERVICE_UNAVAILABLE', service: 'devices', reason: 'timeout' },
    });
    expect(body.data).toEqual({ slow: null, counted: 7 });
    g.world.releaseSlow();
  });
});

describe('GraphQL over HTTP', () => {
  let g: TestGateway;
  beforeAll(async () => {
    g = await startTestGateway(false, {
      limits: { bodyBytes: 20_000, depth: 6, aliases: 5, rootFields: 8, directives: 4, cost: 900, tokens: 1_000, batchSize: 2 },
    });
  });
  afterAll(() => g.stop());

  it('passes every audit of graphql-http, none as a warning or notice', async () => {
    const results = await auditServer({ url: `${g.url}/graphql` });
    expect(results.filter(({ status }) => status !== 'ok').map(({ id, name, status }) => `${id} ${name}: ${status}`)).toEqual([]);
    expect(results.length).toBeGreaterThan(50);
  });

  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${g.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: body as string });

  it.each([
    ['depth', '{ a: devices { latest { device { latest { device { latest { value } } } } } } }', 7, 6],
    ['aliases', '{ a: counted b: counted c: counted d: counted e: counted f: counted }', 6, 5],
    ['rootFields', `{ ${'counted '.repeat(9)} }`, 9, 8],
    ['directives', `{ ${'counted @skip(if: false) '.repeat(5)} }`, 5, 4],
    ['cost', '{ devices(first: 500) { name } broken }', 501, 900],
  ])('refuses too much %s and says the limit', async (limit, query, actual, allowed) => {
    const { body, status } = await g.query(limit === 'cost' ? '{ expensive }' : query);
    expect(status).toBe(400);
    expect(body.errors![0]!.extensions).toMatchObject({
      code: 'OPERATION_TOO_COSTLY',
      limit,
      allowed,
      ...(limit !== 'cost' && { actual }),
    });
  });

  it('counts lists by their size before running anything', async () => {
    g.world.requests.length = 0;
    const query = 'query($n: Int) { devices(first: $n) { latest { device { id } } } }';
    expect((await g.query(query, { variables: { n: 100 } })).body.errors![0]!.extensions).toMatchObject({ limit: 'cost', allowed: 900 });
    expect(g.world.requests).toHaveLength(0);
    expect((await g.query(query, { variables: { n: 5 } })).body.errors).toBeUndefined();
  });

  it('measures a fragment bomb without exploding', async () => {
    const bomb = Array.from({ length: 30 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`).join(' ');
    const { body } = await g.query(`{ ...f0 } ${bomb} fragment f30 on Query { counted }`);
    expect(body.errors![0]!.extensions.code).toBe('OPERATION_TOO_COSTLY');
  });

  it('refuses too many tokens, too many bytes, and bytes that are not text', async () => {
    const tokens = await g.query(`{ ${'counted '.repeat(1_100)} }`);
    expect(tokens.body.errors![0]!.extensions).toMatchObject({ code: 'GRAPHQL_PARSE_FAILED', limit: 'tokens', allowed: 1_000 });
    const large = await post(JSON.stringify({ query: `{ counted } # ${'x'.repeat(30_000)}` }));
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({
      errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE', limit: 'bodyBytes', allowed: 20_000 } }],
    });
    const invalid = await post(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    expect(invalid.status).toBe(400);
  });

  it('refuses a body that grows over the limit without having said so', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        `${g.url}/graphql`,
        { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', reject);
      request.write(Buffer.alloc(15_000, 0x20));
      request.write(Buffer.alloc(15_000, 0x20));
    });
    expect(status).toBe(413);
  });

  it('refuses batches, mutations by GET and other media types with the right status', async () => {
    const one = '{"query":"{ counted }"}';
    expect(await (await post(`[${one},${one}]`)).json()).toEqual([{ data: { counted: 7 } }, { data: { counted: 7 } }]);
    const batch = await post(`[${one},${one},${one}]`);
    expect(batch.status).toBe(400);
    expect(await batch.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', limit: 'batchSize', allowed: 2 } }] });
    expect((await fetch(`${g.url}/graphql?query=${encodeURIComponent('mutation { rename(id: "d1", name: "x") { id } }')}`)).status).toBe(
      405,
    );
    expect((await post('{"query":"{ counted }"}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('{"query":"{ counted }"}', { accept: 'image/png' })).status).toBe(406);
    expect((await fetch(`${g.url}/graphql`, { method: 'PUT' })).status).toBe(405);
  });

  it('registers a document by its hash and runs it by the hash alone', async () => {
    const hash = '9fcfda36b5e3cbd5a2d3bd7d9fd3f5a3c0b2f2b8bd9e4fba3c2f0f2a3f3f9d11';
    const unknown = await post(JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }));
    expect(await unknown.json()).toMatchObject({
      errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
    const { createHash } = await import('node:crypto');
    const right = createHash('sha256').update('{ counted }').digest('hex');
    await post(JSON.stringify({ query: '{ counted }', extensions: { persistedQuery: { version: 1, sha256Hash: right } } }));
    const known = await post(JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: right } } }));
    expect(await known.json()).toEqual({ data: { counted: 7 } });
    const wrong = await post(
      JSON.stringify({ query: '{ viewer { role } }', extensions: { persistedQuery: { version: 1, sha256Hash: right } } }),
    );
    expect(await wrong.json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT', path: 'extensions.persistedQuery.sha256Hash' } }],
    });
  });

  it('tells operators why operations do not share, and nobody else', async () => {
    expect((await fetch(`${g.url}/debug/sharing`)).status).toBe(401);
    const answer = await fetch(`${g.url}/debug/sharing`, { headers: { authorization: `Bearer ${INTERNAL_TOKEN}` } });
    expect(await answer.json()).toMatchObject({ groups: 0, upstreams: 0, clients: 0 });
  });
});
