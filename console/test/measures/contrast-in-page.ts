/** Contrasts as the browser computes them. The function is sent there as text, so it stands alone. */

export interface Measured {
  readonly ratio: number;
  readonly isLarge: boolean;
  /** Both as they are seen, after everything transparent: `#rrggbb`. */
  readonly colour: string;
  readonly ground: string;
  /** The kind of element, and its words or its place. */
  readonly what: string;
  readonly words: string;
}

interface Read {
  readonly texts: Measured[];
  readonly charts: Measured[];
  /** Bars and rings of what is used. */
  readonly gauges: Measured[];
  /** Texts of disabled controls. */
  readonly disabled: number;
  /** Texts on a picture or a gradient, whose colour under the text is not known. */
  readonly unknown: number;
}

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

export function readContrasts(): Read {
  const LARGE_PX = 24;
  const LARGE_BOLD_PX = 18.66;
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  const known = new Map<string, Colour>();
  /** Whatever notation the colour has: drawn, and read back. */
  const colourOf = (text: string): Colour => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const digits = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
    let colour: Colour;
    if (digits === null) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      colour = [red, green, blue, alpha / 255];
    } else colour = [Number(digits[1]), Number(digits[2]), Number(digits[3]), Number(digits[4] ?? 1)];
    known.set(text, colour);
    return colour;
  };
  const over = ([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour => [
    r * a + r2 * (1 - a),
    g * a + g2 * (1 - a),
    b * a + b2 * (1 - a),
    1,
  ];
  /** The colour behind an element, through every transparent layer; null on a picture. */
  const groundOf = (element: Element | null): Colour | null => {
    if (element === null) return [255, 255, 255, 1];
    const style = getComputedStyle(element);
    if (style.backgroundImage !== 'none') return null;
    const own = colourOf(style.backgroundColor);
    if (own[3] === 1 && style.opacity === '1') return own;
    const below = groundOf(element.parentElement);
    return below === null ? null : over([own[0], own[1], own[2], own[3] * Number(style.opacity)], below);
  };
  const opacityOf = (element: Element | null): number =>
    element === null ? 1 : Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement);
  const light = ([r, g, b]: Colour) => {
    const [red, green, blue] = [r, g, b].map((one) =>
      one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * (red as number) + 0.7152 * (green as number) + 0.0722 * (blue as number);
  };
  const ratioOf = (one: Colour, other: Colour) => {
    const [dark = 0, bright = 0] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const hex = ([r, g, b]: Colour) => `#${[r, g, b].map((one) => Math.round(one).toString(16).padStart(2, '0')).join('')}`;
  const kindOf = (element: Element) =>
    `${element.tagName.toLowerCase()}.${
      String(element.getAttribute('class') ?? '')
        .split(' ')
        .filter((name) => /^(mantine|recharts)-/.test(name))
        .join('.') || 'plain'
    }`;
  const compare = (element: Element, colour: string, ground: Colour, words: string, isLarge = false): Measured => {
    const [red, green, blue, alpha] = colourOf(colour);
    const seen = over([red, green, blue, alpha * opacityOf(element)], ground);
    return {
      ratio: ratioOf(seen, ground),
      isLarge,
      colour: hex(seen),
      ground: hex(ground),
      what: kindOf(element),
      words: words.trim().slice(0, 40),
    };
  };
  const isSeen = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1.5 && height > 1.5 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };
  const isDisabled = (element: Element) =>
    element.closest(':disabled, [aria-disabled="true"], [data-disabled="true"], [data-disabled=""]') !== null ||
    element.closest('label')?.control?.matches(':disabled') === true ||
    document.querySelector(`[aria-labelledby~="${CSS.escape(element.id || 'none')}"]:disabled`) !== null;
  const texts: Measured[] = [];
  const charts: Measured[] = [];
  let [disabled, unknown] = [0, 0];

  const addText = (element: Element, words: string, pseudo?: string) => {
    if (words.trim() === '' || !isSeen(element)) return;
    if (isDisabled(element)) {
      disabled += 1;
      return;
    }
    const ground = groundOf(element);
    if (ground === null) {
      unknown += 1;
      return;
    }
    const style = getComputedStyle(element, pseudo);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= LARGE_PX || (size >= LARGE_BOLD_PX && Number(style.fontWeight) >= 700);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    texts.push(compare(element, colour, ground, words, isLarge));
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text !== null; text = walker.nextNode())
    if (text.parentElement !== null && !text.parentElement.matches('script, style, noscript, option'))
      addText(text.parentElement, text.nodeValue ?? '');
  for (const field of document.querySelectorAll<HTMLInputElement>('input, textarea')) {
    if (/^(checkbox|radio|hidden|range|file|color)$/.test(field.type)) continue;
    if (field.value === '') addText(field, field.placeholder, '::placeholder');
    else addText(field, field.value);
  }

  const drawn = [
    ['.recharts-line-curve, .recharts-area-curve, [data-chart-line]', 'stroke'],
    ['.recharts-bar-rectangle path, .recharts-pie-sector path, [data-chart-bar]', 'fill'],
    // A line of noughts is drawn as the ground's border is: there is nothing to see.
    ['svg[role="img"] polyline:not([stroke*="border"])', 'stroke'],
  ] as const;
  const seenCurves = new Set<Element>();
  for (const [selector, attribute] of drawn)
    for (const shape of document.querySelectorAll(selector)) {
      const style = getComputedStyle(shape);
      if (seenCurves.has(shape) || style[attribute] === 'none' || !isSeen(shape)) continue;
      seenCurves.add(shape);
      const strength = Number(attribute === 'stroke' ? style.strokeOpacity : style.fillOpacity);
      const ground = groundOf(shape.closest('svg')?.parentElement ?? null);
      if (ground === null || style[attribute].startsWith('url')) {
        unknown += 1;
        continue;
      }
      const [red, green, blue, alpha] = colourOf(style[attribute]);
      const colour = `rgba(${red}, ${green}, ${blue}, ${alpha * strength})`;
      charts.push(compare(shape, colour, ground, shape.getAttribute('name') ?? ''));
    }
  const gauges: Measured[] = [];
  for (const part of document.querySelectorAll(
    '.mantine-Progress-section, .mantine-RingProgress-svg circle[style*="--curve-color"]',
  )) {
    const ground = groundOf(part.closest('.mantine-Progress-root, .mantine-RingProgress-root')?.parentElement ?? null);
    const style = getComputedStyle(part);
    const colour = part instanceof SVGElement ? style.stroke : style.backgroundColor;
    const words = part.closest('[aria-label]')?.getAttribute('aria-label') ?? '';
    if (ground !== null && isSeen(part)) gauges.push(compare(part, colour, ground, words));
  }
  return { texts, charts, gauges, disabled, unknown };
}
