export { createLiveClient, type GetToken, type LiveClient, type LiveClientOptions, type TokenReason } from './live-client.js';
export { resumable, type Gap, type GapReason, type LiveResult, type LiveSink, type ResumableRequest } from './resumable.js';
export { retryHintOf, retryWaitMs } from './retry.js';
