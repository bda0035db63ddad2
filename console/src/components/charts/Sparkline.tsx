interface SparklineProps {
  /** The oldest first. */
  readonly values: readonly number[];
  /** A description of the line for screen readers. */
  readonly label: string;
  /** In pixels. As wide as its place with `100%`. */
  readonly width?: number | '100%';
  readonly height?: number;
}

const PADDING = 2;

/** A small line without axes that shows a trend. Mantine's would load 67 kB more with a list, and draw its 50 rows ten times slower. */
export function Sparkline({ values, label, width: shown = 110, height = 26 }: SparklineProps) {
  const width = shown === '100%' ? 110 : shown;
  const max = Math.max(...values, 0);
  const step = values.length > 1 ? (width - 2 * PADDING) / (values.length - 1) : 0;
  const yOf = (value: number) => (max === 0 ? height - PADDING : height - PADDING - (value / max) * (height - 2 * PADDING));
  const points = values.map((value, index) => `${(PADDING + index * step).toFixed(1)},${yOf(value).toFixed(1)}`);
  const area = [`${PADDING},${height}`, ...points, `${(PADDING + (values.length - 1) * step).toFixed(1)},${height}`];
  return (
    <svg
      width={shown}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      style={{ display: 'block' }}
    >
      <title>{label}</title>
      {max > 0 && <polygon points={area.join(' ')} fill="color-mix(in srgb, var(--chart-1) 15%, transparent)" />}
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke={max === 0 ? 'var(--mantine-color-default-border)' : 'var(--chart-1)'}
        strokeWidth={1.5}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
