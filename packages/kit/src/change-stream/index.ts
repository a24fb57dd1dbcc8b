export * from './change-hub.js';
export * from './select.js';
