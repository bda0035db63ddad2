import { Stack, Text } from '@mantine/core';
import { Named } from '../../components/Named.tsx';
import { strategyWords } from '../route-groups/policy.ts';
import classes from './attempts.module.css';
import { passedOverWords, type Routing, scoreWords } from './routing-words.ts';
import { words } from './words.ts';

/** The comparison that ordered the deployments of a request: each with its score, or the reason why others went before it. */
export function RoutingOrder({ routing }: { routing: Routing }) {
  const { strategy, by_session, canary, candidates } = routing;
  // At a start nothing is known, and tenants do not see scores.
  const hasScores = candidates.some(({ score }) => score !== null);
  return (
    <Stack gap={4} mb="sm">
      <Text fz="sm">{by_session ? words.orderedBySession : words.orderedBy(strategyWords(strategy))}</Text>
      {canary && <Text fz="sm">{words.inTheCanary}</Text>}
      <ol className={classes.others} aria-label={words.orderOfDeployments}>
        {candidates.map(({ deployment_id, score, passed_over }) => (
          <Text key={deployment_id} component="li" fz="sm">
            <Named id={deployment_id} />
            {[hasScores ? scoreWords(strategy, score) : null, passedOverWords(passed_over)]
              .filter((part) => part !== null)
              .map((part) => `: ${part}`)
              .join('')}
          </Text>
        ))}
      </ol>
    </Stack>
  );
}
