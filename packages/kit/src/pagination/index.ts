export * from './page.js';
export * from './page-info.type.js';
