import { spawn, type ChildProcess } from 'node:child_process';
import { endServer, findProgram } from '../programs/programs.js';
import { eventually } from '../waits/eventually.js';

export interface TestKafka {
  /** `127.0.0.1:port`. Known once beforeAll has run. */
  readonly broker: string;
}

/**
 * librdkafka's mock cluster: one broker that speaks the protocol and keeps everything in memory, so there is nothing to
 * kill and bring back. Wrap in `describeWith(['kcat'], …)`.
 */
export function testKafka(): TestKafka {
  let broker = '';
  let child: ChildProcess | undefined;
  beforeAll(async () => {
    // The mock lives inside a producer that never says anything: its standard input stays open.
    const args = ['-P', '-b', '127.0.0.1:1', '-t', 'unused', '-X', 'test.mock.num.brokers=1', '-d', 'mock'];
    const started = spawn(findProgram('kcat'), args, { stdio: ['pipe', 'ignore', 'pipe'] });
    child = started;
    let output = '';
    started.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
    const endWithUs = () => started.kill('SIGKILL');
    process.once('exit', endWithUs);
    started.once('exit', () => process.off('exit', endWithUs));
    broker = await eventually(() => {
      const found = /bootstrap\.servers=([0-9.]+:\d+)/.exec(output)?.[1];
      if (!found) throw new Error(`kcat names no mock broker: ${output}`);
      return found;
    });
  });
  afterAll(async () => {
    if (child) await endServer(child, 'SIGKILL');
  });
  return {
    get broker() {
      if (!broker) throw new Error('testKafka is ready only after beforeAll.');
      return broker;
    },
  };
}
