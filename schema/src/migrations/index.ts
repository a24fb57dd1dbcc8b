import { CreateRegistry1764200000000 } from './1764200000000-create-registry.js';

export const migrations = [CreateRegistry1764200000000];
