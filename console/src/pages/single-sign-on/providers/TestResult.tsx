import { Alert, Code, List, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import type { ProviderTest } from '../../../api/identity.ts';
import { Disclosure } from '../../../components/Disclosure.tsx';
import { wordOf } from '../../../components/StatusBadge.tsx';
import { words } from '../words.ts';

const CLAIMS_HEIGHT_MAX = 320;

/** The outcome of a test: who the person would be, each check, and the claims as they came. */
export function TestResult({ test }: { test: ProviderTest }) {
  const [isOpen, setOpen] = useState(false);
  const isGood = test.state === 'passed';
  const Icon = isGood ? IconCircleCheck : IconAlertTriangle;
  return (
    <>
      <Alert
        color={isGood ? 'green' : 'red'}
        icon={<Icon size={18} />}
        role={isGood ? 'status' : 'alert'}
        title={isGood ? words.testPassedTitle : words.testFailedTitle}
      >
        {test.would_be ?? test.words}
      </Alert>
      {test.checks.length > 0 && (
        <Stack gap={4} component="section" aria-label={words.checks}>
          <Title order={3} fz="sm">
            {words.checks}
          </Title>
          <List fz="sm" lh={1.45} spacing={4} listStyleType="none" center>
            {test.checks.map((check) => (
              <List.Item key={check.name} icon={<CheckIcon standing={check.ok ? 'passed' : isGood ? 'note' : 'failed'} />}>
                <Text span inherit fw={600}>
                  {wordOf(check.name)}
                </Text>
                : {check.words}
              </List.Item>
            ))}
          </List>
        </Stack>
      )}
      {test.claims !== null && (
        <Stack gap={4}>
          <Disclosure isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
            {isOpen ? words.hideClaims : words.showClaims}
          </Disclosure>
          {isOpen && (
            <Code
              block
              tabIndex={0}
              role="region"
              aria-label={words.claims}
              mah={CLAIMS_HEIGHT_MAX}
              style={{ overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
            >
              {JSON.stringify(test.claims, null, 2)}
            </Code>
          )}
        </Stack>
      )}
    </>
  );
}

/** `note`: what a test can pass without, such as a second factor. */
const STANDINGS = {
  passed: { icon: IconCircleCheck, color: 'green', label: words.checkPassed },
  note: { icon: IconInfoCircle, color: 'yellow', label: words.checkNote },
  failed: { icon: IconAlertTriangle, color: 'red', label: words.checkFailed },
} as const;

function CheckIcon({ standing }: { standing: keyof typeof STANDINGS }) {
  const { icon: Icon, color, label } = STANDINGS[standing];
  return <Icon size={16} color={`var(--mantine-color-${color}-text)`} role="img" aria-label={label} />;
}
