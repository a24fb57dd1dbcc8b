export * from './feed-follower.js';
export * from './http-feed.js';
