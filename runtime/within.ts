/** Waits for what may never end, but at most so many milliseconds. */
export async function within(ms: number, what: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([what, late]).finally(() => clearTimeout(timer))
}
