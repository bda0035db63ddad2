import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { words } from './words.ts';

export type Mode = Schema<'KeyTarget'>['mode'];

/** Returns the names that the key can call, from the server's explanation of its access. */
export function useCallable(keyId: string): { names: readonly string[]; about: string } {
  const access = useQuery({
    queryKey: ['access', 'explain-key', keyId, undefined],
    queryFn: () => asked(api.GET('/access/explain', { params: { query: { key_id: keyId } } })),
    enabled: keyId !== '',
  });
  if (keyId === '') return { names: [], about: words.chooseKeyFirst };
  if (access.data === undefined || !('key_id' in access.data)) return { names: [], about: words.lookingUp };
  const names = access.data.data.filter(({ allowed }) => allowed).map(({ target }) => target);
  const known = names.length === 1 ? words.canCallOne : words.canCallMany(names.length);
  return { names, about: words.typeAnother(known) };
}

/** Returns what a target of the key serves; null while that is not known, and for a name that the key cannot call. */
export function useModeOf(keyId: string, model: string): Mode | null {
  const { names } = useCallable(keyId);
  const target = useQuery({
    queryKey: ['callable-targets', keyId, 'one', model],
    queryFn: async () => {
      const query = { search: model, limit: 200 };
      const { data } = await asked(api.GET('/keys/{id}/callable-targets', { params: { path: { id: keyId }, query } }));
      return data.find(({ name }) => name === model) ?? null;
    },
    // A name that is being typed is looked up only if it is one.
    enabled: names.includes(model),
  });
  return target.data?.mode ?? null;
}
