import type { ThermalModel } from '../../domain/index.ts'
import { LarderError, minuteMs } from '../../domain/index.ts'

/** How a pack's surface follows a step of the air around it: 0 at once, 1 in the end. */
export interface Warming {
  /** h x (half thickness, or volume / area) / k; 0 where nothing says how the inside conducts. */
  readonly biot: number
  /** Share of an air step of 1 that the surface has taken after so many ms. */
  stepResponse(afterMs: number): number
}

/** A step of the staging temperature; it holds until the next. */
export interface AirStep {
  readonly at: number
  readonly celsius: number
}

export function createWarming(pack: ThermalModel): Warming {
  return pack.model === 'slab' ? slab(pack) : lumped(pack)
}

/** T(t) = Ta + (T0 - Ta) e^(-t / tau), tau = m cp / (h A): one temperature all through, which needs Bi < 0.1. */
function lumped(pack: ThermalModel): Warming {
  const { massKg, areaM2, heatCapacityJkgK, filmWm2K, densityKgM3, conductivityWmK } = pack
  if (massKg === undefined || areaM2 === undefined)
    throw new LarderError('RT_REQUEST_INVALID', 'A lumped pack needs massKg and areaM2.')
  const tauMs = ((massKg * heatCapacityJkgK) / (filmWm2K * areaM2)) * 1000
  const biot =
    densityKgM3 !== undefined && conductivityWmK !== undefined
      ? (filmWm2K * (massKg / densityKgM3 / areaM2)) / conductivityWmK
      : 0
  return { biot, stepResponse: (afterMs) => (afterMs <= 0 ? 0 : 1 - Math.exp(-afterMs / tauMs)) }
}

const termCount = 40
/** Below it the other face is not felt yet: the half-infinite solution is exact to 1e-7, and the series would need more terms. */
const shortFourier = 0.003

/**
 * A plate heated from both faces: surface of the one-dimensional conduction series, and for the first moments of the
 * half-infinite body (Carslaw and Jaeger, Conduction of Heat in Solids, 3.11 and 2.7).
 */
function slab(pack: ThermalModel): Warming {
  const { thicknessMm, conductivityWmK, densityKgM3, heatCapacityJkgK, filmWm2K } = pack
  if (thicknessMm === undefined || conductivityWmK === undefined || densityKgM3 === undefined)
    throw new LarderError(
      'RT_REQUEST_INVALID',
      'A slab needs thicknessMm, conductivityWmK and densityKgM3.',
    )
  const half = thicknessMm / 2000
  const biot = (filmWm2K * half) / conductivityWmK
  const fourierPerMs = conductivityWmK / (densityKgM3 * heatCapacityJkgK * half ** 2) / 1000
  const terms = Array.from({ length: termCount }, (_, n) => {
    const root = slabRoot(biot, n)
    const weight = (4 * Math.sin(root) * Math.cos(root)) / (2 * root + Math.sin(2 * root))
    return { weight, decay: root ** 2 }
  })
  return {
    biot,
    stepResponse(afterMs) {
      if (afterMs <= 0) return 0
      const fourier = fourierPerMs * afterMs
      if (fourier < shortFourier) return 1 - scaledErfc(biot * Math.sqrt(fourier))
      let left = 0
      for (const { weight, decay } of terms) left += weight * Math.exp(-decay * fourier)
      return 1 - left
    },
  }
}

/** The n-th root of z tan z = Bi, in (n pi, n pi + pi / 2). */
function slabRoot(biot: number, n: number): number {
  let low = n * Math.PI
  let high = low + Math.PI / 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (middle * Math.sin(middle) - biot * Math.cos(middle) > 0 === (n % 2 === 0)) high = middle
    else low = middle
  }
  return (low + high) / 2
}

/** e^(x^2) erfc(x), relative error below 1.2e-7 (Numerical Recipes, 6.2, erfcc). */
function scaledErfc(x: number): number {
  const t = 1 / (1 + x / 2)
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418,
    0.37409196, 1.00002368, -1.26551223,
  ]
  return t * Math.exp(coefficients.reduce((sum, coefficient) => sum * t + coefficient, 0))
}

/** Air at a moment; before the first step the first one's. */
export function airAt(staging: readonly AirStep[], at: number): number {
  let celsius = staging[0]!.celsius
  for (const step of staging) if (step.at <= at) celsius = step.celsius
  return celsius
}

/** Surface at `at` of a pack that left the cold at `releasedAt`: the steps of the air add up (Duhamel). */
export function surfaceCelsius(
  warming: Warming,
  storedCelsius: number,
  staging: readonly AirStep[],
  releasedAt: number,
  at: number,
): number {
  let air = airAt(staging, releasedAt)
  let surface = storedCelsius + (air - storedCelsius) * warming.stepResponse(at - releasedAt)
  for (const step of staging) {
    if (step.at <= releasedAt || step.at >= at) continue
    surface += (step.celsius - air) * warming.stepResponse(at - step.at)
    air = step.celsius
  }
  return surface
}

/** Warmest surface from the release until `until`, looked at each minute and at each step of the air. */
export function warmestCelsius(
  warming: Warming,
  storedCelsius: number,
  staging: readonly AirStep[],
  releasedAt: number,
  until: number,
): number {
  let warmest = surfaceCelsius(warming, storedCelsius, staging, releasedAt, until)
  const steps = staging.filter(({ at }) => at > releasedAt && at < until)
  // Without a step in between the surface only ever moves towards the one air temperature.
  if (steps.length === 0) return Math.max(warmest, storedCelsius)
  for (let at = releasedAt; at < until; at += minuteMs)
    warmest = Math.max(warmest, surfaceCelsius(warming, storedCelsius, staging, releasedAt, at))
  for (const { at } of steps)
    warmest = Math.max(warmest, surfaceCelsius(warming, storedCelsius, staging, releasedAt, at))
  return warmest
}
