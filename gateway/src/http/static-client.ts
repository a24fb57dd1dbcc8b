import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { RequestHandler } from 'express';

interface Asset {
  type: string;
  etag: string;
  /** The build puts a hash of the content into these names, so they never change. */
  immutable: boolean;
  body: Buffer;
  compressed: Partial<Record<'br' | 'gzip', Buffer>>;
}

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  map: 'application/json; charset=utf-8',
  ico: 'image/x-icon',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  woff2: 'font/woff2',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest)|image\/svg)/;
/** Eight characters of base64url, not all of them small letters: that would be a word. */
const HASHED_NAME = /-(?=[a-z_-]{0,7}[A-Z0-9])[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;
const MIN_COMPRESSED = 1_024;

/**
 * The built dashboard from memory. Unknown paths without an extension get its index, so that a page can be reloaded;
 * unknown files get 404. @throws when the folder has no index.html.
 */
export function staticClient(folder: string, publicUrl: string): RequestHandler {
  const assets = new Map<string, Asset>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    assets.set(`/${relative(folder, path).split(sep).join('/')}`, load(path, entry.name));
  }
  const index = assets.get('/index.html')?.body.toString();
  if (index === undefined) throw new Error(`There is no index.html in ${folder}: build the client, or set CLIENT_DIR.`);
  assets.delete('/index.html');
  const page = withNonce(index);
  const sockets = new URL(publicUrl).origin.replace(/^http/, 'ws');

  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    const path = safeDecode(request.path);
    const asset = path === null ? undefined : assets.get(path);
    if (asset) {
      response.set({
        'content-type': asset.type,
        etag: asset.etag,
        'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'accept-encoding',
      });
      if (request.headers['if-none-match']?.includes(asset.etag)) return void response.status(304).end();
      const encoding = request.acceptsEncodings('br', 'gzip', 'identity');
      const body = encoding === 'br' || encoding === 'gzip' ? compressed(asset, encoding) : undefined;
      if (body) response.set('content-encoding', encoding as string);
      return void response.end(request.method === 'HEAD' ? undefined : (body ?? asset.body));
    }
    if (path === null || /\.[a-z0-9]+$/i.test(path)) return next();
    const nonce = randomBytes(16).toString('base64');
    response.set({
      'content-type': TYPES.html,
      'cache-control': 'no-cache',
      'content-security-policy': contentSecurityPolicy(nonce, sockets),
    });
    response.end(request.method === 'HEAD' ? undefined : page(nonce));
  };
}

/** Angular puts the styles of components into the page at run time, marked with the nonce of its root element. */
function withNonce(html: string): (nonce: string) => string {
  const root = /<([a-z]+(?:-[a-z0-9]+)+)(?=[\s>])/;
  return (nonce) => html.replace(root, `<$1 ngCspNonce="${nonce}"`);
}

function contentSecurityPolicy(nonce: string, sockets: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' data:",
    `connect-src 'self' ${sockets}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function load(path: string, name: string): Asset {
  const body = readFileSync(path);
  const type = TYPES[name.split('.').at(-1)!.toLowerCase()] ?? 'application/octet-stream';
  const prebuilt = (suffix: string) => {
    try {
      return readFileSync(`${path}${suffix}`);
    } catch {
      return undefined;
    }
  };
  return {
    type,
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    immutable: HASHED_NAME.test(name),
    compressed: COMPRESSIBLE.test(type) && body.length >= MIN_COMPRESSED ? { br: prebuilt('.br'), gzip: prebuilt('.gz') } : {},
  };
}

/** Once per asset, where the build has not done it. */
function compressed(asset: Asset, encoding: 'br' | 'gzip'): Buffer | undefined {
  if (!(encoding in asset.compressed)) return undefined;
  return (asset.compressed[encoding] ??=
    encoding === 'br' ? brotliCompressSync(asset.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }) : gzipSync(asset.body));
}

function safeDecode(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
