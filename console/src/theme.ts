import {
  Anchor,
  Avatar,
  Badge,
  Button,
  type CSSVariablesResolver,
  createTheme,
  InputWrapper,
  type MantineColorsTuple,
  Modal,
  Notification,
  Pill,
  rem,
  Table,
  Tooltip,
} from '@mantine/core';
import { chartVariables } from './components/charts/colors.ts';

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

/** The three colours of a status: well, needs attention, wrong. Gray is no judgement. Teal is the brand's, and says nothing of a state. */
const green: MantineColorsTuple = [
  '#f0faf3',
  '#dcf3e3',
  '#b8e4c5',
  '#8ad2a0',
  '#5fbd7c',
  '#3ea661',
  '#2b8f4e',
  '#1f7a40',
  '#176233',
  '#0f4a26',
];
const amber: MantineColorsTuple = [
  '#fff7e6',
  '#ffeccc',
  '#ffd899',
  '#fcbf5e',
  '#f2a533',
  '#dd8a15',
  '#c4740b',
  '#a85f06',
  '#874a04',
  '#693803',
];
const red: MantineColorsTuple = [
  '#fff2f1',
  '#ffe1df',
  '#fdc1be',
  '#fb9d99',
  '#f77f7a',
  '#e95750',
  '#d63b37',
  '#bf2a28',
  '#9c1f1f',
  '#7a1717',
];

/** A note or a role judges nothing, and has the gray of the page. */
const slate: MantineColorsTuple = [
  '#f4f6f8',
  '#e9edf0',
  '#d3dae0',
  '#b4bec7',
  '#93a0ab',
  '#74828e',
  '#5c6a76',
  '#4a5661',
  '#3a444d',
  '#2b333a',
];

/** Text and lines of the dark theme, lightest first, and its grounds: 6 floats above the page, 7 lies on it, 8 is the page. */
const dark: MantineColorsTuple = [
  '#dde2e7',
  '#c3cad1',
  '#a5aeb7',
  '#848e98',
  '#3b444d',
  '#2d353d',
  '#232a31',
  '#191f25',
  '#11161b',
  '#0b0f13',
];

/** Dense, calm, one accent. Contrast of the accent on white and on the dark ground is above 4.5. There are five sizes of text. */
export const theme = createTheme({
  respectReducedMotion: true,
  primaryColor: 'teal',
  primaryShade: { light: 7, dark: 7 },
  colors: { teal, green, red, dark, yellow: amber, orange: amber, blue: slate, violet: slate },
  defaultRadius: 'sm',
  fontFamily: '"Inter Variable", "Inter Fallback", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace',
  fontSizes: { xs: rem(12), sm: rem(14), md: rem(16), lg: rem(20), xl: rem(24) },
  lineHeights: { xs: '1.35', sm: '1.43', md: '1.5', lg: '1.4', xl: '1.3' },
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: rem(24), lineHeight: '1.3' },
      h2: { fontSize: rem(16), lineHeight: '1.4' },
      h3: { fontSize: rem(14), lineHeight: '1.43' },
      h4: { fontSize: rem(14), lineHeight: '1.43' },
    },
  },
  cursorType: 'pointer',
  components: {
    Anchor: Anchor.extend({ defaultProps: { underline: 'hover' } }),
    Avatar: Avatar.extend({ styles: { placeholder: { fontSize: 'var(--mantine-font-size-xs)' } } }),
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    Badge: Badge.extend({
      defaultProps: { variant: 'light', radius: 'sm' },
      vars: () => ({ root: { '--badge-fz': rem(12) } }),
      styles: { root: { letterSpacing: 0 }, label: { textTransform: 'none', fontWeight: 550 } },
    }),
    InputWrapper: InputWrapper.extend({
      vars: () => ({
        label: { '--input-label-size': rem(14) },
        description: { '--input-description-size': rem(12) },
        error: { '--input-error-size': rem(12) },
        success: { '--input-success-size': rem(12) },
      }),
    }),
    Modal: Modal.extend({
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' }, centered: false, overlayProps: { backgroundOpacity: 0.45 } },
    }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    Pill: Pill.extend({ vars: () => ({ root: { '--pill-fz': rem(12) } }) }),
    // With the height in styles.css: rows of 40 pixels, and of 43 where a cell has two lines.
    Table: Table.extend({ defaultProps: { verticalSpacing: 3 } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 320 } }),
  },
});

/** The grounds, lines and words of the status colours that differ from the library's: words on them have a contrast of 4.5 at least. */
const onLight = {
  '--mantine-color-green-light': '#e4f5e9',
  '--mantine-color-green-light-color': '#145a2e',
  '--mantine-color-yellow-light': '#fff1d6',
  '--mantine-color-yellow-light-color': '#744004',
  '--mantine-color-orange-light': '#fff1d6',
  '--mantine-color-orange-light-color': '#744004',
  '--mantine-color-red-light': '#ffeae8',
  '--mantine-color-red-light-color': '#931c1c',
  '--mantine-color-blue-light': '#eef1f4',
  '--mantine-color-blue-light-color': '#3a444d',
  '--mantine-color-gray-light': '#eef0f2',
  '--mantine-color-gray-light-color': '#3d444b',
  '--mantine-color-yellow-filled': '#c4740b',
  '--mantine-color-orange-filled': '#a85f06',
};
const onDark = {
  '--mantine-color-teal-light': '#12312e',
  '--mantine-color-teal-light-hover': '#173b37',
  '--mantine-color-teal-light-color': '#a3e0d7',
  '--mantine-color-green-light': '#17331f',
  '--mantine-color-green-light-color': '#a9e3ba',
  '--mantine-color-yellow-light': '#3a2a0f',
  '--mantine-color-yellow-light-color': '#fcd38f',
  '--mantine-color-orange-light': '#3a2a0f',
  '--mantine-color-orange-light-color': '#fcd38f',
  '--mantine-color-red-light': '#411d1d',
  '--mantine-color-red-light-color': '#ffb9b5',
  '--mantine-color-blue-light': '#262f37',
  '--mantine-color-blue-light-color': '#d3dae0',
  '--mantine-color-gray-light': '#2a3138',
  '--mantine-color-gray-light-color': '#d0d6dc',
  '--mantine-color-yellow-filled': '#c4740b',
  '--mantine-color-orange-filled': '#a85f06',
};

/** Returns the variables of each theme that the library would set otherwise: links in ink, status colours, grounds and charts. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...onLight,
    ...chartVariables('light'),
    '--mantine-color-anchor': 'var(--mantine-color-text)',
    '--mantine-color-text': '#15191d',
    '--mantine-color-default-border': '#dce0e4',
    '--ground-frame': '#f7f8f9',
    '--ground-page': '#ffffff',
    '--ground-raised': '#ffffff',
    '--ground-floating': '#ffffff',
  },
  dark: {
    ...onDark,
    ...chartVariables('dark'),
    '--mantine-color-anchor': 'var(--mantine-color-text)',
    '--mantine-color-body': 'var(--mantine-color-dark-8)',
    '--mantine-color-default': 'var(--mantine-color-dark-7)',
    '--ground-frame': 'var(--mantine-color-dark-7)',
    '--ground-page': 'var(--mantine-color-dark-8)',
    '--ground-raised': 'var(--mantine-color-dark-7)',
    '--ground-floating': 'var(--mantine-color-dark-6)',
  },
});
