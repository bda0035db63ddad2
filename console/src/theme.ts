import {
  Badge,
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  Notification,
  Table,
  Tooltip,
} from '@mantine/core';

const teal: MantineColorsTuple = [
  '#e6f7f5',
  '#d0ebe7',
  '#a3d8d1',
  '#72c4b9',
  '#49b3a5',
  '#2fa898',
  '#1c9788',
  '#0f766e',
  '#0b6159',
  '#064b44',
];

/** Dense, calm, one accent. Contrast of the accent on white and on the dark ground is above 4.5. */
export const theme = createTheme({
  respectReducedMotion: true,
  primaryColor: 'teal',
  primaryShade: { light: 7, dark: 7 },
  colors: { teal },
  defaultRadius: 'sm',
  fontFamily: 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace',
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.35rem' }, h2: { fontSize: '1.05rem' }, h3: { fontSize: '0.95rem' }, h4: { fontSize: '0.9rem' } },
  },
  cursorType: 'pointer',
  components: {
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    Badge: Badge.extend({ defaultProps: { variant: 'light', radius: 'sm' }, styles: { label: { textTransform: 'none' } } }),
    Modal: Modal.extend({
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' }, centered: false, overlayProps: { backgroundOpacity: 0.45 } },
    }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 6 } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 320 } }),
  },
});

/** White words on the library's red have a contrast of 3.9. This red is the same in both themes. */
const filledRed = { '--mantine-color-red-filled': '#c92a2a', '--mantine-color-red-filled-hover': '#b02525' };

/** The light grounds of badges and notes need darker words than the library's where the colour itself is bright: 4.5 at least. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...filledRed, '--mantine-color-orange-light-color': '#a83d0a', '--mantine-color-yellow-light-color': '#7d5200' },
  dark: filledRed,
});
