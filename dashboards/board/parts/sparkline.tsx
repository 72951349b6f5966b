import type { Point } from '../data/probes.ts'

const width = 120
const height = 30

/** A line of the last values, with the limit as a dashed line where it is near enough to matter. */
export function Sparkline(props: {
  readonly points: readonly Point[]
  readonly limit: number | null
  readonly label: string
}) {
  const { points, limit } = props
  const values = points.map((point) => point.value)
  const low = Math.min(...values, limit ?? Infinity)
  const high = Math.max(...values, limit ?? -Infinity)
  const span = Math.max(high - low, 1)
  const first = points[0]?.at ?? 0
  const length = Math.max((points[points.length - 1]?.at ?? 0) - first, 1)
  const x = (at: number) => ((at - first) / length) * width
  const y = (value: number) => 2 + (1 - (value - low) / span) * (height - 4)
  const line = points.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`)
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={props.label}
    >
      {limit !== null && <line class="limit" x1="0" x2={width} y1={y(limit)} y2={y(limit)} />}
      {line.length > 1 && <polyline points={line.join(' ')} />}
    </svg>
  )
}
