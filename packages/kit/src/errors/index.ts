export * from './domain-error.js';
export * from './format-error.js';
export * from './parse-input.js';
