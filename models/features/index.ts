export * from './build-inputs.ts'
export * from './layout.ts'
export * from './windows.ts'
export { towardsStep } from './whole-steps.ts'
