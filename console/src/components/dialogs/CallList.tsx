import { Badge, Code, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { bytesText, countText, durationText } from '../../numbers/numbers.ts';
import { Disclosure } from '../Disclosure.tsx';
import { TableScroll } from '../list/TableScroll.tsx';
import { words } from './words.ts';

type Call = Schema<'CredentialTest'>['calls'][number];

/** The calls of a live test: what was sent, and what came back. Those that failed are open. */
export function CallList({ calls }: { calls: readonly Call[] }) {
  return calls.map((call, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the order of the calls is fixed.
    <CallView key={index} call={call} number={index + 1} />
  ));
}

/** The status of a call counts as good below this. */
const ERRORS_FROM = 400;

function CallView({ call, number }: { call: Call; number: number }) {
  const isGood = call.failure === null && call.status !== null && call.status < ERRORS_FROM;
  const [isOpen, setOpen] = useState(!isGood);
  const title = words.stepTitle(number, words.purposes[call.purpose]);
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Group gap="xs" justify="space-between">
        <Title order={3} fz="sm">
          {title}
        </Title>
        <Group gap="xs">
          <Badge color={isGood ? 'green' : 'red'}>{call.status === null ? words.noAnswer : words.httpStatus(call.status)}</Badge>
          <Text fz="sm" c="dimmed">
            {call.ms === null ? words.notEnded : durationText(call.ms)}
          </Text>
        </Group>
      </Group>
      <Text fz="sm" className="mono" style={{ overflowWrap: 'anywhere' }}>
        {call.method} {call.url}
      </Text>
      {call.failure !== null && (
        <Text fz="sm" c="red">
          {call.failure}
        </Text>
      )}
      <Disclosure size="xs" isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
        {isOpen ? words.hideWhatWasSent : words.showWhatWasSent}
      </Disclosure>
      {isOpen && (
        <>
          <Headers title={words.headersSent} headers={call.request_headers} />
          {call.status !== null && <Headers title={words.headersOfTheAnswer} headers={call.answer_headers} />}
          {call.status !== null && <Body call={call} />}
        </>
      )}
    </Stack>
  );
}

function Headers({ title, headers }: { title: string; headers: Call['request_headers'] }) {
  if (headers.length === 0) return null;
  return (
    <TableScroll minWidth={260}>
      <Table withTableBorder fz="xs" verticalSpacing={3} aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th colSpan={2}>{title}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {headers.map(({ name, value }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a header can be there twice; their order is fixed.
            <Table.Tr key={index}>
              <Table.Td className="mono" w="35%" style={{ overflowWrap: 'anywhere' }}>
                {name}
              </Table.Td>
              <Table.Td className="mono" style={{ overflowWrap: 'anywhere' }}>
                {value}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

const BODY_HEIGHT_MAX = 240;

function Body({ call: { body, body_bytes: bytes } }: { call: Call }) {
  if (body === null)
    return (
      <Text fz="xs" c="dimmed">
        {bytes === 0 ? words.answerIsEmpty : words.answerNotShown(bytesText(bytes))}
      </Text>
    );
  return (
    <Stack gap={4}>
      <Code
        block
        fz="xs"
        tabIndex={0}
        role="region"
        aria-label={words.bodyOfTheAnswer}
        mah={BODY_HEIGHT_MAX}
        style={{ overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
      >
        {spread(body)}
      </Code>
      <Text fz="xs" c="dimmed">
        {words.bodyIsRedacted(countText(bytes))}
      </Text>
    </Stack>
  );
}

/** Returns JSON spread over lines; any other text, or a part of JSON, as it is. */
function spread(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
