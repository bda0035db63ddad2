import { Alert, List } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

/** Lists the parts of settings that act on people's computers. */
export function RiskyParts({ parts }: { parts: Schema<'ManagedSettings'>['risky'] }) {
  return (
    <Alert color="yellow" title={words.lookTwice}>
      <List fz="sm" spacing={2}>
        {parts.map(({ path, why }) => (
          <List.Item key={path}>
            <bdi className="mono" style={{ overflowWrap: 'anywhere' }}>
              {path}
            </bdi>{' '}
            {words.why[why]}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
