/**
 * Runs a step once the browser has painted what stands: the press first, and then the page, the rows or the menu that it asks for. A
 * press that waits for their drawing feels lost.
 */
export function afterPaint(step: () => void): void {
  requestAnimationFrame(() => setTimeout(step));
}
