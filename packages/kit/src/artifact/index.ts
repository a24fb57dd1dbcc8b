export * from './signed-artifact.js';
