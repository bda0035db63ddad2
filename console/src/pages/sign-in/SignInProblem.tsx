import { Alert } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Problem } from '../../api/client.ts';
import { words } from './words.ts';

/** Shows why a sign-in failed, in the server's words. If the server says when to try again, a countdown shows the seconds. */
export function SignInProblem({ error }: { error: unknown }) {
  const waitSeconds = error instanceof Problem ? error.retryAfterSeconds : null;
  const left = useCountdown(error, waitSeconds);
  if (error === null) return null;
  const text = error instanceof Error ? error.message : words.thatDidNotWorkTryAgain;
  return (
    <Alert color="red" role="alert" p="xs">
      {text}
      {waitSeconds !== null && (left > 0 ? words.tryAgainIn(left) : words.tryAgainNow)}
    </Alert>
  );
}

function useCountdown(of: unknown, seconds: number | null): number {
  const [left, setLeft] = useState(seconds ?? 0);
  useEffect(() => {
    if (seconds === null || of === null) return;
    const endsAtMs = Date.now() + seconds * 1_000;
    const tick = () => setLeft(Math.max(0, Math.ceil((endsAtMs - Date.now()) / 1_000)));
    tick();
    const timer = setInterval(tick, 500);
    return () => clearInterval(timer);
  }, [of, seconds]);
  return left;
}
