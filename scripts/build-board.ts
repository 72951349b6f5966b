import { mkdirSync } from 'node:fs'

mkdirSync('dist/board', { recursive: true })
