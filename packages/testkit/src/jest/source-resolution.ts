import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KIT = join(__dirname, '..', '..', '..', 'kit', 'src');

/**
 * Jest transforms what a global setup loads, but resolves it as plain Node would: `./part.js` must be led to the
 * `./part.ts` that is there, and kit to its source. In tests themselves jest's moduleNameMapper does this.
 * Acts on import, because the setup's other imports depend on it.
 */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@pulsegraph/kit/')) return next(join(KIT, specifier.slice('@pulsegraph/kit/'.length), 'index.ts'), context);
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.startsWith('file:')) {
      const source = fileURLToPath(new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL));
      if (existsSync(source)) return next(source, context);
    }
    return next(specifier, context);
  },
});
