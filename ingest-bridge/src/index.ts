export { createBridge, type Bridge, type BridgeOptions } from './bridge.js';
export { type DownlinkOptions } from './listener/mqtt-listener.js';
export { EdgeError, type Edge, type NewCredential } from './provisioning/edge.js';
