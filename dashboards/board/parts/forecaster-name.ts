const names: Readonly<Record<string, string>> = {
  'naive-24h': 'as yesterday',
  'naive-168h': 'as a week ago',
  'mean-7d': 'mean of 7 days',
  'empirical-28d': '28 days’ spread',
  'smoothed-28d': 'smoothed 28 days',
}

/** A forecaster in a person's words; one that is not known keeps its name. */
export function forecasterName(name: string): string {
  return name.startsWith('tfjs:') ? 'TensorFlow.js network' : (names[name] ?? name)
}
