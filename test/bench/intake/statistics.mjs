/** Count, extremes, mean, median, 90th and 95th percentile and sample standard deviation of seconds (requirements 5.8). */
export function statistics(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const rank = (share) => sorted[Math.min(count - 1, Math.ceil(share * count) - 1)];
  const figures = {
    min: sorted[0],
    max: sorted[count - 1],
    mean,
    median: rank(0.5),
    p90: rank(0.9),
    p95: rank(0.95),
    stdev: count > 1 ? Math.sqrt(squares / (count - 1)) : 0,
  };
  const rounded = Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(4))]);
  return { count, ...Object.fromEntries(rounded) };
}
