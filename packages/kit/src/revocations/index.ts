export * from './revocation-list.js';
export * from './revocations.js';
