import { Box, Group, SimpleGrid, Skeleton, Stack } from '@mantine/core';

/** What stands in the place of data until it arrives, in the shape of the data, so that nothing moves then. */

/** The height of a chart with the line below it, in pixels. */
export const CHART_HEIGHT = 268;

/**
 * A page with a title, a strip of facts and a table; a part of one as lines of text; a chart; the rows of a table; or nothing, for a
 * note that may not appear.
 */
export type Shape = 'page' | 'part' | 'chart' | 'rows' | 'nothing';

/** Marks what is loading. The stylesheet hides what follows a marked element until it has arrived. */
export const AWAITED = { 'data-awaited': true } as const;

const NARROW = ['62%', '48%', '74%', '55%', '68%', '42%'] as const;

/** Screen readers hear that something is loading. What follows on the page appears when it has arrived, so that it does not move. */
export function Awaited({ shape }: { shape: Shape }) {
  return (
    <Box role="status" aria-label="Loading" {...AWAITED}>
      {shape === 'page' && <PageShape />}
      {shape === 'part' && <Lines />}
      {shape === 'chart' && <Skeleton h={CHART_HEIGHT} />}
      {shape === 'rows' && <RowsShape />}
    </Box>
  );
}

function PageShape() {
  return (
    <Stack gap="lg">
      <Group justify="space-between" h={56}>
        <Skeleton h={28} w={240} />
        <Skeleton h={36} w={120} />
      </Group>
      <FactsShape />
      <RowsShape />
    </Stack>
  );
}

/** A strip of facts, a chart and a table, as on Overview and Usage. */
export function FiguresShape() {
  return (
    <Stack gap="xl" role="status" aria-label="Loading" {...AWAITED}>
      <FactsShape />
      <Skeleton h={CHART_HEIGHT + 42} />
      <RowsShape />
    </Stack>
  );
}

/** A strip of facts, each a name above a value. */
function FactsShape() {
  return (
    <SimpleGrid cols={{ base: 2, xs: 3, md: 6 }} spacing="md">
      {NARROW.map((width) => (
        <Stack key={width} gap={8} h={52}>
          <Skeleton h={10} w="50%" />
          <Skeleton h={20} w={width} />
        </Stack>
      ))}
    </SimpleGrid>
  );
}

function Lines() {
  return (
    <Stack gap={12} py={6} mih={150}>
      {NARROW.slice(0, 4).map((width) => (
        <Skeleton key={width} h={14} w={width} />
      ))}
    </Stack>
  );
}

function RowsShape() {
  return (
    <Box>
      {NARROW.map((width) => (
        <Group key={width} h={41} px="xs" wrap="nowrap" style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
          <Box flex={3}>
            <Skeleton h={12} w={width} />
          </Box>
          <Box flex={2}>
            <Skeleton h={12} w="50%" />
          </Box>
          <Skeleton h={12} w={80} />
        </Group>
      ))}
    </Box>
  );
}

/** A pulse that says that something runs, beside a field or a word. */
export function Busy({ label, size = 14 }: { label: string; size?: number }) {
  return <Box component="span" className="busy" w={size} h={size} role="status" aria-label={label} />;
}
