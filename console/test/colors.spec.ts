/** The colours of charts, computed: each stands out from the grounds of its theme, and no two look alike to readers who lack one kind of cone. */
import { expect, test } from '@playwright/test';
import { CHART_COLORS } from '../src/components/charts/colors.ts';

type Triple = readonly [number, number, number];

const GROUNDS = { light: ['#ffffff'], dark: ['#11161b', '#191f25'] } as const;
const CONTRAST_MIN = 3;
/** In OKLab, where about 0.02 is the least that a reader notices side by side. */
const DISTANCE_MIN = 0.09;

/**
 * What a reader without one kind of cone sees, in linear light: Machado, Oliveira and Fernandes, "A Physiologically-based Model for
 * Simulation of Color Vision Deficiency", IEEE TVCG 15 (2009), the matrices of severity 1.
 */
const SIGHTS: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

for (const theme of ['light', 'dark'] as const) {
  const { series, other, previous } = CHART_COLORS[theme];

  test(`the chart colours of the ${theme} theme stand out from its grounds`, () => {
    for (const color of [...series, other, previous])
      for (const ground of GROUNDS[theme])
        expect(contrast(color, ground), `${color} on ${ground}`).toBeGreaterThanOrEqual(CONTRAST_MIN);
  });

  test(`no two series of the ${theme} theme look alike, whichever cone a reader lacks`, () => {
    const colors = [...series, other];
    for (const [sight, matrix] of Object.entries(SIGHTS))
      for (const [at, one] of colors.entries())
        for (const another of colors.slice(at + 1))
          expect(distance(seen(one, matrix), seen(another, matrix)), `${one} and ${another}, ${sight}`).toBeGreaterThan(
            DISTANCE_MIN,
          );
  });
}

/** The contrast of WCAG 2.2, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = linear(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(color: string): Triple {
  const part = (at: number) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function seen(color: string, matrix: readonly [Triple, Triple, Triple]): Triple {
  return product(matrix, linear(color)).map((part) => Math.min(1, Math.max(0, part))) as unknown as Triple;
}

/** The distance in OKLab: Björn Ottosson, "A perceptual color space for image processing" (2020). */
function distance(one: Triple, other: Triple): number {
  const [a, b] = [oklab(one), oklab(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function oklab(color: Triple): Triple {
  const cones = product(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    color,
  );
  return product(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt) as unknown as Triple,
  );
}

function product(matrix: readonly [Triple, Triple, Triple], [x, y, z]: Triple): Triple {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple;
}
