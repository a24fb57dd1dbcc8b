export * from './change-hub.js';
