import { addUpWhy } from '../data/forecast-why.ts'
import type { ForecastView } from '../data/wire.ts'

/** From the usual amount to the mean that is forecast, in what moved it most. */
export function ForecastWhy(props: { readonly forecast: ForecastView }) {
  const { explanation } = props.forecast
  if (explanation === undefined) return null
  const { usual, steps, mean } = addUpWhy(explanation)
  return (
    <div class="why">
      <p class="dim">Why: what these 12 hours usually bring, and what moved it most, in units</p>
      <ol>
        <li>
          <span>usually</span> <b>{usual}</b>
        </li>
        {steps.map(({ words, units, direction }) => (
          <li key={words} class={direction}>
            <span>{words}</span> <b>{units}</b>
          </li>
        ))}
        <li class="sum">
          <span>expected, on the mean</span> <b>{mean}</b>
        </li>
      </ol>
    </div>
  )
}
