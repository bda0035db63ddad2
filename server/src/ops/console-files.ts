import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Operations, PageFile } from './operations.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * Loads the built console into memory, and returns a function that finds its file at an address. Holding all files means that no
 * request can read outside their folder. The addresses of pages return the one page; any other address returns null. The page
 * itself says so when it is sent for an unknown address. Throws if the console was not built.
 */
export function loadConsole(directory: string): Pick<Operations, 'file' | 'pageNotFound'> {
  if (!existsSync(path.join(directory, 'index.html'))) {
    throw new Error(`the console is not built: there is no index.html in ${directory}. Run npm start, which builds it`);
  }
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const address = `/${path.relative(directory, file).split(path.sep).join('/')}`;
    const type = TYPES[path.extname(entry.name)];
    if (type !== undefined && address !== '/paths.json') files.set(address, consoleFile(type, file, address));
  }
  const page = files.get('/index.html') as PageFile;
  files.delete('/index.html');
  const paths = JSON.parse(readFileSync(path.join(directory, 'paths.json'), 'utf8')) as readonly string[];
  const isPage = new RegExp(`^(${paths.map(patternOf).join('|')})$`);
  return {
    file: (address) => files.get(address) ?? (isPage.test(address) ? page : null),
    pageNotFound: () => page,
  };
}

function consoleFile(type: string, file: string, address: string): PageFile {
  const body = readFileSync(file);
  const packed = existsSync(`${file}.br`) ? readFileSync(`${file}.br`) : body;
  return {
    type,
    body,
    brotli: packed.length < body.length ? packed : null,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isImmutable: address.startsWith('/assets/'),
  };
}

/** Returns the pattern of a page's address: in `/keys/$keyId`, the last segment matches any one segment. */
function patternOf(address: string): string {
  return address
    .split('/')
    .map((segment) => (segment.startsWith('$') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
}
