// First: what follows reads the browser's language as it is loaded.
import './parts/usable-language.ts'
import 'uplot/dist/uPlot.min.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/panels.css'
import { render } from 'preact'
import { Board } from './board.tsx'
import { createApiClient } from './data/api-client.ts'
import { createBoardStore } from './data/board-store.ts'
import { StoreContext } from './parts/context.ts'

const root = document.getElementById('board')
if (root !== null) {
  const store = createBoardStore(createApiClient(), '/v1/events')
  root.replaceChildren()
  render(
    <StoreContext.Provider value={store}>
      <Board />
    </StoreContext.Provider>,
    root,
  )
}
