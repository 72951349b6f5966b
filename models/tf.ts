import { createRequire } from 'node:module'
import type * as tfjs from '@tensorflow/tfjs'
import { LarderError } from '../domain/index.ts'

export type Tf = typeof tfjs
export type BackendChoice = 'auto' | 'wasm' | 'native' | 'cpu'

export interface TensorFlow {
  readonly tf: Tf
  readonly backend: 'wasm' | 'native' | 'cpu'
  readonly version: string
}

/**
 * The only door to TensorFlow.js. The engine is one per process, so a later call with another backend moves everybody.
 * `auto` takes native/tensorflow where it is installed, else WebAssembly.
 */
export async function loadTensorFlow(choice: BackendChoice): Promise<TensorFlow> {
  if (choice === 'native' || choice === 'auto') {
    const native = requireNative()
    if (native) {
      await native.setBackend('tensorflow')
      return { tf: native, backend: 'native', version: native.version.tfjs }
    }
    if (choice === 'native') {
      throw new LarderError(
        'RT_SETTINGS_INVALID',
        'models.backend is native, but native/tensorflow is not installed: run "npm run setup:tensorflow", or set models.backend to wasm.',
      )
    }
  }
  const require = createRequire(import.meta.url)
  const tf = require('@tensorflow/tfjs') as Tf
  // Without this the library prints an advertisement for another backend on first use.
  tf.enableProdMode()
  const backend = choice === 'cpu' ? 'cpu' : 'wasm'
  if (backend === 'wasm') {
    require('@tensorflow/tfjs-backend-wasm')
    routeTransposedProducts(tf)
  }
  if (!(await tf.setBackend(backend))) {
    throw new LarderError(
      'RT_INTERNAL',
      `TensorFlow.js could not start its ${backend} backend: reinstall with "npm ci", or set models.backend to cpu.`,
    )
  }
  await tf.ready()
  return { tf, backend, version: tf.version.tfjs }
}

/** Not a dependency of this package: it lies in native/tensorflow where someone set it up. */
const nativePackage = '@tensorflow/tfjs-node'

function requireNative(): Tf | null {
  for (const folder of ['../native/tensorflow/', '../../native/tensorflow/']) {
    try {
      const require = createRequire(new URL(folder, import.meta.url))
      const tf = require(nativePackage) as Tf
      tf.enableProdMode()
      return tf
    } catch {
      continue
    }
  }
  return null
}

type Kernel = ReturnType<Tf['getKernel']>
type KernelInput = Parameters<Kernel['kernelFunc']>[0]
type TensorInfo = tfjs.TensorInfo

/**
 * WebAssembly runs a product through XNNPACK only where neither side is transposed; the others, which both gradients
 * of a product are, take a scalar loop (tfjs-backend-wasm/src/cc/batch_mat_mul_impl.cc). Transposing first is four times faster.
 */
function routeTransposedProducts(tf: Tf): void {
  const product = tf.getKernel('BatchMatMul', 'wasm') as Kernel | undefined
  const transpose = tf.getKernel('Transpose', 'wasm') as Kernel | undefined
  if (!product || !transpose || product.kernelFunc.name === 'multiplyTransposed') return

  const multiplyTransposed = ({ inputs, backend, attrs }: KernelInput): TensorInfo => {
    let { a, b } = inputs as Record<'a' | 'b', TensorInfo>
    let { transposeA, transposeB } = attrs as { transposeA?: boolean; transposeB?: boolean }
    const temporaries: TensorInfo[] = []
    const swapped = (x: TensorInfo): TensorInfo => {
      const perm = x.shape.map((_, axis) => axis)
      const last = perm.length - 1
      perm[last] = last - 1
      perm[last - 1] = last
      const out = transpose.kernelFunc({ inputs: { x }, backend, attrs: { perm } }) as TensorInfo
      temporaries.push(out)
      return out
    }
    const isSingle = (x: TensorInfo): boolean =>
      x.shape.slice(0, -2).every((size: number) => size === 1)
    if (isSingle(a) && isSingle(b)) {
      if (transposeA) a = swapped(a)
      if (transposeB) b = swapped(b)
      transposeA = transposeB = false
    }
    const out = product.kernelFunc({
      inputs: { a, b },
      backend,
      attrs: { ...attrs, transposeA: transposeA ?? false, transposeB: transposeB ?? false },
    }) as TensorInfo
    for (const { dataId } of temporaries) {
      ;(backend as { disposeData(id: object): void }).disposeData(dataId)
    }
    return out
  }
  tf.unregisterKernel('BatchMatMul', 'wasm')
  tf.registerKernel({ ...product, kernelFunc: multiplyTransposed })
}
