/** Chance that all `servers` are busy when `load` erlangs are offered and nobody waits (recursion B_k = a B / (k + a B)). */
export function erlangB(servers: number, load: number): number {
  let blocked = 1
  for (let k = 1; k <= servers; k++) blocked = (load * blocked) / (k + load * blocked)
  return blocked
}

/** Chance of having to wait, M/M/c: C = c B / (c - a (1 - B)); 1 where the load is no less than the servers. */
export function erlangC(servers: number, load: number): number {
  if (load >= servers) return 1
  const blocked = erlangB(servers, load)
  return (servers * blocked) / (servers - load * (1 - blocked))
}

/** Mean wait: C E[S] / (c - a). */
export function meanWait(servers: number, load: number, serviceMinutes: number): number {
  return (erlangC(servers, load) * serviceMinutes) / (servers - load)
}

/** Wait not exceeded with chance p, from P(W > t) = C e^(-(c - a) t / E[S]). */
export function waitQuantile(
  servers: number,
  load: number,
  serviceMinutes: number,
  p: number,
): number {
  const mustWait = erlangC(servers, load)
  if (mustWait <= 1 - p) return 0
  return (Math.log(mustWait / (1 - p)) * serviceMinutes) / (servers - load)
}
