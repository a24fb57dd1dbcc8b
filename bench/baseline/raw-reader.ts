// The baseline's consumer, a process of its own: reads Mosquitto on a bare socket, COPYs, then acknowledges. It checks
// nothing, knows no device, keeps no rollup: what remains is the least that storing a reading can cost here.
import { connect } from 'node:net';
import { generate, parser as createParser } from 'mqtt-packet';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const FLUSH_ROWS = 5_000;
const FLUSH_MS = 20;
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);
const POSTGRES_EPOCH_US = 946_684_800_000_000;
const ROW_BYTES = 2 + 3 * 4 + 8 + 8 + 8;

interface Pending {
  series: number;
  atMs: number;
  value: number;
}

function encode(rows: readonly Pending[]): Buffer {
  const body = Buffer.allocUnsafe(rows.length * ROW_BYTES);
  let offset = 0;
  for (const { series, atMs, value } of rows) {
    offset = body.writeInt16BE(3, offset);
    offset = body.writeInt32BE(8, offset);
    offset = body.writeBigInt64BE(BigInt(series), offset);
    offset = body.writeInt32BE(8, offset);
    offset = body.writeBigInt64BE(BigInt(atMs * 1_000 - POSTGRES_EPOCH_US), offset);
    offset = body.writeInt32BE(8, offset);
    offset = body.writeDoubleBE(value, offset);
  }
  return Buffer.concat([HEADER, body, TRAILER]);
}

async function main(): Promise<void> {
  const [mqttPort = '', databaseUrl = ''] = process.argv.slice(2);
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  let rows: Pending[] = [];
  let ids: number[] = [];
  let flushing = false;
  let stored = 0;
  let timer: NodeJS.Timeout | undefined;
  const seriesOf = new Map<string, number>();

  const socket = connect(Number(mqttPort), '127.0.0.1');
  socket.setNoDelay(true);

  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    if (flushing || rows.length === 0) return;
    flushing = true;
    const [batch, acknowledge] = [rows, ids];
    rows = [];
    ids = [];
    await new Promise<void>((resolve, reject) => {
      const stream = database.query(copyFrom('copy reading (series_id, recorded_at, value) from stdin (format binary)'));
      stream.on('finish', resolve).on('error', reject);
      stream.end(encode(batch));
    });
    socket.write(Buffer.concat(acknowledge.map((messageId) => generate({ cmd: 'puback', messageId }))));
    // Told, not asked of Postgres: counting its rows again and again would be CPU of the baseline.
    process.send?.((stored += batch.length));
    flushing = false;
    if (rows.length >= FLUSH_ROWS) void flush();
    else if (rows.length > 0) timer ??= setTimeout(() => void flush(), FLUSH_MS);
  };

  const parser = createParser({ protocolVersion: 4 });
  parser.on('packet', (packet) => {
    if (packet.cmd === 'connack') {
      socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'pulse/v1/+/+/readings', qos: 1 }] }));
    } else if (packet.cmd === 'suback') process.send?.(stored);
    else if (packet.cmd === 'publish') {
      const message = JSON.parse(packet.payload.toString()) as
        { ts: number; values: Record<string, number> } | { metric: string; t0: number; dt: number[]; v: number[] };
      let series = seriesOf.get(packet.topic);
      if (series === undefined) seriesOf.set(packet.topic, (series = seriesOf.size + 1));
      if ('values' in message) for (const name in message.values) rows.push({ series, atMs: message.ts, value: message.values[name]! });
      else
        for (let index = 0; index < message.v.length; index++)
          rows.push({ series, atMs: message.t0 + message.dt[index]!, value: message.v[index]! });
      ids.push(packet.messageId!);
      if (rows.length >= FLUSH_ROWS) void flush();
      else timer ??= setTimeout(() => void flush(), FLUSH_MS);
    }
  });
  socket.on('data', (chunk) => parser.parse(chunk));
  socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'baseline', keepalive: 0 }));
}

void main();
