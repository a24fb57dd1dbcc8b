import { version } from '../../package.json';

/** Who asks, for the gateway's usage reports and metrics; the same over HTTP and WebSocket. */
export const CLIENT = { name: 'dashboard', version } as const;
