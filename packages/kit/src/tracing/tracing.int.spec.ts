import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testDatabase } from '@pulsegraph/testkit';
import { Pool } from 'pg';
import { inSpan, startTracing, stopTracing } from './index.js';

interface Span {
  name: string;
  attributes: { key: string; value: { stringValue?: string } }[];
}

const database = testDatabase('devices');
const spans: Span[] = [];
const collector = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    response.end('{}');
  });
});

afterAll(() => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  collector.close();
});

it('follows a request into the database: each query with the request id, and never with a value', async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  await startTracing('spec');
  const pool = new Pool({ connectionString: database.url });
  await pool.query('SELECT 1 AS nobody_asked');
  await inSpan('request', { requestId: 'req-7' }, async () => {
    await pool.query('SELECT $1::text AS answer', ['a secret']);
    await pool.query("SELECT 'another secret' AS answer");
    await expect(pool.query('SELECT 1/0')).rejects.toThrow();
  });
  await pool.end();
  await stopTracing();

  const shown = spans.map(({ name, attributes }) => ({
    name,
    ...Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
  }));
  const query = { name: 'SELECT', 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'pulsegraph.request_id': 'req-7' };
  expect(shown).toEqual([
    { ...query, 'db.query.text': 'SELECT $1::text AS answer' },
    query,
    query,
    { name: 'request', 'pulsegraph.request_id': 'req-7' },
  ]);
  expect(JSON.stringify(spans)).not.toContain('secret');
});
