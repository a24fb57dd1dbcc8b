export * from './permission-check.js';
export * from './viewer-signature.js';
