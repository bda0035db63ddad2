import { useEffect, useRef, useState } from 'react';

export type StreamState = 'off' | 'connecting' | 'live' | 'waiting';

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

interface EventsOptions {
  /** The path below /api/v1, with its query; null: no stream is opened. */
  readonly path: string | null;
  /** The name of the events to receive. */
  readonly event: string;
}

/**
 * Listens to a stream of the admin API while the component is mounted, and reconnects after a failure. `onEvent` may change
 * between renders without a new connection.
 */
export function useEvents<T>({ path, event }: EventsOptions, onEvent: (data: T) => void): StreamState {
  const [state, setState] = useState<StreamState>('off');
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    if (path === null) {
      setState('off');
      return;
    }
    return listen<T>(`/api/v1${path}`, event, (data) => latest.current(data), setState);
  }, [path, event]);
  return state;
}

/** Opens one stream. Returns a function that closes it. */
function listen<T>(url: string, event: string, onData: (data: T) => void, onState: (state: StreamState) => void): () => void {
  let retryMs = RETRY_MS_MIN;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource;
  const open = () => {
    onState('connecting');
    source = new EventSource(url);
    source.onopen = () => {
      retryMs = RETRY_MS_MIN;
      onState('live');
    };
    source.addEventListener(event, (message) => onData(JSON.parse((message as MessageEvent<string>).data) as T));
    // The browser does not retry after an error status, so we do, each time after a longer wait.
    source.onerror = () => {
      source.close();
      onState('waiting');
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** Returns a query string. Leaves out values that are undefined or empty. */
export function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
