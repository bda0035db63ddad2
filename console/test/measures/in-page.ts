/** What is read inside the browser. Each function stands alone: it is sent there as text. */

declare global {
  interface Window {
    headgateShifts: { total: number; sources: string[] };
  }
}

interface Shift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null; readonly previousRect: DOMRect; readonly currentRect: DOMRect }[];
}

/** Adds up every layout shift from the start on: stricter than the five-second windows of the web vital. */
export function watchShifts(): void {
  const said = { total: 0, sources: [] as string[] };
  window.headgateShifts = said;
  const box = ({ x, y, width, height }: DOMRect) => [x, y, width, height].map(Math.round).join(',');
  const nameOf = (node: Node | null) => {
    const element = node instanceof Element ? node : (node?.parentElement ?? null);
    const words = (element?.textContent ?? '').trim().slice(0, 30);
    return `${element?.tagName.toLowerCase() ?? 'gone'}.${String(element?.getAttribute('class') ?? '').split(' ')[0]} “${words}”`;
  };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as Shift[]) {
      if (entry.hadRecentInput) continue;
      said.total += entry.value;
      const moved = entry.sources.map(
        ({ node, previousRect, currentRect }) => ` ${nameOf(node)} ${box(previousRect)} → ${box(currentRect)}`,
      );
      said.sources.push(`${entry.value.toFixed(3)} at ${Math.round(entry.startTime)} ms${moved.slice(0, 3).join(';')}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Elements that would take longer than a hundredth of a second to change, or that turn by themselves. */
export function movingElements(): string[] {
  const secondsMax = 0.01;
  const longest = (text: string) =>
    Math.max(...text.split(',').map((one) => Number.parseFloat(one) / (one.trim().endsWith('ms') ? 1000 : 1)));
  const moving = new Map<string, number>();
  for (const element of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(element);
    const fades = style.transitionProperty !== 'none' && longest(style.transitionDuration) > secondsMax;
    const turns = style.animationName !== 'none' && longest(style.animationDuration) > secondsMax;
    if (!fades && !turns) continue;
    const name = `${fades ? `transition ${style.transitionDuration}` : `animation ${style.animationName}`} of ${element.tagName.toLowerCase()}.${(element.getAttribute('class') ?? '').split(' ')[0]}`;
    moving.set(name, (moving.get(name) ?? 0) + 1);
  }
  return [...moving].map(([name, count]) => `${name} (${count})`);
}

/** What makes the page wider than the window, and texts of which a part is cut off. */
export function clippedTexts(): { wide: string[]; clipped: string[]; shortened: number } {
  const root = document.documentElement;
  const nameOf = (element: Element) =>
    `${element.tagName.toLowerCase()}.${(element.getAttribute('class') ?? '').split(' ')[0]} “${(element.textContent ?? '').trim().slice(0, 40)}”`;
  const scrollsOver = (element: Element) => /auto|scroll/.test(getComputedStyle(element).overflowX);
  const hasScroller = (element: Element) => {
    for (let at: Element | null = element; at !== null && at !== root; at = at.parentElement) if (scrollsOver(at)) return true;
    return false;
  };
  const wide =
    root.scrollWidth <= root.clientWidth + 1
      ? []
      : [...document.body.querySelectorAll('*')]
          .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1 && !hasScroller(one))
          .slice(-3)
          .map(nameOf);
  const clipped: string[] = [];
  let shortened = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const parent = text.parentElement;
    if ((text.nodeValue ?? '').trim() === '' || parent === null || !parent.checkVisibility({ visibilityProperty: true }))
      continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const rect = range.getBoundingClientRect();
    if (rect.width < 1 || rect.height < 1) continue;
    for (let at: Element | null = parent; at !== null && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.position === 'fixed') break;
      const box = at.getBoundingClientRect();
      // Meant for ears alone.
      if (box.width <= 1.5 || box.height <= 1.5 || (style.clip !== 'auto' && style.position === 'absolute')) break;
      const cutsX = /hidden|clip/.test(style.overflowX) && (rect.right > box.right + 1.5 || rect.left < box.left - 1.5);
      const cutsY = /hidden|clip/.test(style.overflowY) && (rect.bottom > box.bottom + 3 || rect.top < box.top - 3);
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) break;
      if (!cutsX && !cutsY) continue;
      if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') shortened += 1;
      else clipped.push(nameOf(parent));
      break;
    }
  }
  return { wide: root.scrollWidth > root.clientWidth + 1 && wide.length === 0 ? ['something'] : wide, clipped, shortened };
}
