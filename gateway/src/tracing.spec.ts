import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTracing, stopTracing } from '@pulsegraph/kit/tracing';
import { startTestGateway, type TestGateway } from './testing/test-gateway.js';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string } }[];
}

/** An OTLP endpoint that remembers. */
async function startCollector() {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
      };
      for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { spans, url, stop: () => new Promise((resolve) => server.close(resolve)) };
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
let gateway: TestGateway;
let collector: Awaited<ReturnType<typeof startCollector>>;

beforeAll(async () => {
  collector = await startCollector();
  gateway = await startTestGateway(true);
});
afterAll(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  await gateway.stop();
  await collector.stop();
});

it('sends nothing, and asks no subgraph to, where no endpoint is set', async () => {
  await startTracing('gateway');
  const { body } = await gateway.query('{ device(id: "d1") { name } }', { token: await gateway.identity.token() });
  expect(body.errors).toBeUndefined();
  await stopTracing();
  expect(collector.spans).toEqual([]);
});

it("goes on with the client's trace, through the gateway to each subgraph, with the client's request id on every span", async () => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  await startTracing('gateway');
  const { body } = await gateway.query('query Traced { latest { device { name } } }', {
    token: await gateway.identity.token(),
    headers: { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`, 'x-request-id': 'req-1' },
  });
  expect(body.errors).toBeUndefined();
  await stopTracing();

  const spans = collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
  const parentOf = (span: Span) => spans.find(({ spanId }) => spanId === span.parentSpanId);
  const lineOf = (span: Span | undefined): string[] => (span ? [span.name, ...lineOf(parentOf(span))] : []);
  const served = spans.filter((span) => span.name === 'POST /graphql' && parentOf(span)?.name.startsWith('fetch '));
  const named = (line: string[]) => line.filter((name) => !name.startsWith('gateway.'));
  expect(served.map((span) => named(lineOf(span))).sort()).toEqual([
    ['POST /graphql', 'fetch devices', 'query Traced', 'POST /graphql'],
    ['POST /graphql', 'fetch telemetry', 'query Traced', 'POST /graphql'],
  ]);
  for (const span of spans)
    expect({ name: span.name, id: span.attributes.find(({ key }) => key === 'pulsegraph.request_id')?.value.stringValue }).toEqual({
      name: span.name,
      id: 'req-1',
    });
});
