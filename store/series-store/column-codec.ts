/**
 * One column of numbers as bytes. Whole numbers, also such as become whole times 10, 100 or 1000, are kept as distance from the
 * smallest one, or their steps as distance from the smallest step, in 0, 1, 2 or 4 bytes each; all else as it is.
 * Every 10 seconds is no byte, one decimal of a cold room one byte; and decoding is one loop.
 */
export interface ColumnPlan {
  /** Width code, whether steps are kept, and the power of ten: one byte. */
  readonly kind: number
  /** Smallest number or smallest step. */
  readonly base: number
  /** Where steps are kept, the number before the first step. */
  readonly first: number
}

const widths = [0, 1, 2, 4, 8] as const
const raw = 4
const stepBit = 8
const scales = [1, 10, 100, 1000] as const
/** Beyond this the distance of two whole numbers need not be exact. */
const largest = 2 ** 52

export function planColumn(values: Float64Array, length: number): ColumnPlan {
  for (const [power, scale] of scales.entries()) {
    const plan = planScaled(values, length, power, scale)
    if (plan !== undefined) return plan ?? rawPlan
  }
  return rawPlan
}

const rawPlan: ColumnPlan = { kind: raw, base: 0, first: 0 }

/** Undefined where some number is not whole at this scale; null where all are and the column is still best kept as it is. */
function planScaled(
  values: Float64Array,
  length: number,
  power: number,
  scale: number,
): ColumnPlan | null | undefined {
  let min = Infinity
  let max = -Infinity
  let minStep = Infinity
  let maxStep = -Infinity
  let before = 0
  for (let i = 0; i < length; i++) {
    const value = values[i]!
    const whole = scale === 1 ? Math.trunc(value) : Math.round(value * scale)
    if (whole / scale !== value || whole > largest || whole < -largest) return undefined
    if (whole < min) min = whole
    if (whole > max) max = whole
    if (i > 0) {
      const step = whole - before
      if (step < minStep) minStep = step
      if (step > maxStep) maxStep = step
    }
    before = whole
  }
  const width = widthOf(max - min)
  const stepWidth = length > 1 ? widthOf(maxStep - minStep) : raw
  if (stepWidth < width) {
    const first = scale === 1 ? values[0]! : Math.round(values[0]! * scale)
    return { kind: stepWidth | stepBit | (power << 4), base: minStep, first }
  }
  return width === raw ? null : { kind: width | (power << 4), base: min, first: 0 }
}

function widthOf(range: number): number {
  if (range === 0) return 0
  return range <= 0xff ? 1 : range <= 0xffff ? 2 : range <= 0xffff_ffff ? 3 : raw
}

export function hasSteps(kind: number): boolean {
  return (kind & stepBit) !== 0
}

/** Bytes of the numbers, a whole number of words of eight; NaN where no column has this kind. */
export function bytesOf(kind: number, length: number): number {
  const width = widths[kind & 7]
  return width === undefined || kind >> 4 >= scales.length
    ? NaN
    : Math.ceil((width * length) / 8) * 8
}

/** Writes the numbers at a place of a buffer that is a multiple of eight. */
export function encodeColumn(
  values: Float64Array,
  length: number,
  { kind, base, first }: ColumnPlan,
  buffer: ArrayBuffer,
  place: number,
): void {
  const width = kind & 7
  if (width === 0) return
  if (width === raw) {
    new Float64Array(buffer, place, length).set(values.subarray(0, length))
    return
  }
  const out = viewOf(width, buffer, place, length)
  const scale = scales[kind >> 4]!
  let before = first
  if (hasSteps(kind)) {
    for (let i = 1; i < length; i++) {
      const whole = scale === 1 ? values[i]! : Math.round(values[i]! * scale)
      out[i] = whole - before - base
      before = whole
    }
  } else if (scale === 1) {
    for (let i = 0; i < length; i++) out[i] = values[i]! - base
  } else {
    for (let i = 0; i < length; i++) out[i] = Math.round(values[i]! * scale) - base
  }
}

/** The numbers of a column into `values`, from a place on. */
export function decodeColumn(
  { kind, base, first }: ColumnPlan,
  buffer: ArrayBuffer,
  place: number,
  length: number,
  values: Float64Array,
  offset: number,
): void {
  const width = kind & 7
  const scale = scales[kind >> 4]!
  if (width === raw) {
    values.set(new Float64Array(buffer, place, length), offset)
    return
  }
  const source = width === 0 ? null : viewOf(width, buffer, place, length)
  if (hasSteps(kind)) {
    let whole = first
    values[offset] = whole / scale
    for (let i = 1; i < length; i++) {
      whole += base + (source ? source[i]! : 0)
      values[offset + i] = scale === 1 ? whole : whole / scale
    }
  } else if (!source) {
    values.fill(base / scale, offset, offset + length)
  } else if (scale === 1) {
    for (let i = 0; i < length; i++) values[offset + i] = base + source[i]!
  } else {
    for (let i = 0; i < length; i++) values[offset + i] = (base + source[i]!) / scale
  }
}

function viewOf(
  width: number,
  buffer: ArrayBuffer,
  place: number,
  length: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (width === 1) return new Uint8Array(buffer, place, length)
  return width === 2
    ? new Uint16Array(buffer, place, length)
    : new Uint32Array(buffer, place, length)
}
