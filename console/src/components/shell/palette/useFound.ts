import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../../api/client.ts';
import { keptWithin } from '../../../api/kept.ts';
import { matches } from './offer.ts';

/** Finds objects by the words of the text or by their id. The server searches only what this person may see. */
export function useFound(wanted: string) {
  const [asking] = useDebouncedValue(wanted, 150);
  const { data, isPlaceholderData, isFetching, isError } = useQuery({
    queryKey: ['search', asking],
    queryFn: () => asked(api.GET('/search', { params: { query: { q: asking } } })),
    enabled: asking !== '' && wanted !== '',
    placeholderData: (before, query) => (wanted === '' ? undefined : keptWithin(['search'])(before, query)),
  });
  const known = wanted === '' ? [] : (data?.data ?? []);
  // Until the answer arrives, keep only those earlier results that still match: Enter takes the first one.
  const isAnswer = asking === wanted && !isPlaceholderData;
  return { objects: isAnswer ? known : known.filter(({ name }) => matches(name, wanted)), isFetching, isError };
}
