import { Problem } from './problem.ts';
import type { RouteTable } from './route.ts';

/** The methods of each path of the admin API, for answers to other methods. */

export const API_PREFIX = '/api/v1';

/** Paths that are no operation: the contract and its page. */
const READ_ONLY = /^\/api\/(?:v1\/openapi\.json|docs(?:\/.*)?)$/;

/** Returns a function from a path to its methods, each once. HEAD is answered wherever GET is. */
export function methodsOf(routes: RouteTable): (path: string) => readonly string[] {
  const entries = Object.keys(routes).map((methodAndPath) => {
    const [method = '', path = ''] = methodAndPath.split(' ');
    return { method, pattern: new RegExp(`^${API_PREFIX}${path.replaceAll(/:[a-z_]+/g, '[^/]+')}$`) };
  });
  return (path) => {
    if (READ_ONLY.test(path)) return ['GET', 'HEAD'];
    const methods = new Set(entries.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method));
    return [...methods].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  };
}

/** Returns the answer to a method and a path that are no operation: 405 with `Allow` if the path has others, else 404. */
export function noSuchRoute(
  { url, method }: { readonly url: string; readonly method: string },
  allowedAt: (path: string) => readonly string[],
): Problem {
  const methods = allowedAt(url.split('?')[0] ?? '');
  if (methods.length === 0)
    return new Problem(404, 'The admin API has no operation at this path. `/api/v1/openapi.json` lists all of them.');
  const named = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(methods);
  return new Problem(405, `This path does not support ${method}. Use ${named}.`, { headers: { allow: methods.join(', ') } });
}
