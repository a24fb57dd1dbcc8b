// `npm start`: installs and builds what is missing, then runs everything in one process under Node 24.
import { continueUnderNode24, ensureBuilt, ensureInstalled } from './toolchain.mjs';

await ensureInstalled();
await ensureBuilt();
continueUnderNode24('standalone/dist/main.js', process.argv.slice(2));
