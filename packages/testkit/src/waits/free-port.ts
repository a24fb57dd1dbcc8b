import { createServer, type AddressInfo } from 'node:net';

/** A loopback TCP port that was free a moment ago. Where a server can listen on port 0 itself, prefer that. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
