/** Curves and bars in the theme's colours, light and dark, with the Chart.js that the theme has loaded. */

const COLORS = {
  light: ["#4a7340", "#c2570c", "#2f6fb0", "#a8387c", "#8a6d1a", "#6b5bb5", "#64748b"],
  dark: ["#9cc98f", "#f0a062", "#8cbcec", "#e79ac6", "#d9c06a", "#bdb2f0", "#cbd5e1"],
};
const charts = new Set();

function isDark() {
  return document.documentElement.classList.contains("dark");
}

function paint(chart) {
  const palette = COLORS[isDark() ? "dark" : "light"];
  const line = isDark() ? "rgba(255,255,255,0.09)" : "rgba(0,0,0,0.08)";
  const text = isDark() ? "#a1a1aa" : "#6b7280";
  chart.data.datasets.forEach((set, number) => {
    set.borderColor = palette[number % palette.length];
    set.backgroundColor = set.borderColor;
  });
  for (const axis of Object.values(chart.options.scales)) {
    axis.grid.color = line;
    axis.ticks.color = text;
  }
  chart.options.plugins.legend.labels.color = text;
}

new MutationObserver(() => {
  for (const chart of charts) {
    paint(chart);
    chart.update("none");
  }
}).observe(document.documentElement, { attributeFilter: ["class"] });

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{type?: "line"|"bar", isNumeric?: boolean, isStacked?: boolean, highest?: number}} form
 *   isNumeric: the points are {x, y}, not figures beneath labels
 */
export function draw(canvas, { type = "line", isNumeric = false, isStacked = false, highest } = {}) {
  const chart = new globalThis.Chart(canvas, {
    type,
    data: { labels: [], datasets: [] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { position: "top", align: "end", labels: { usePointStyle: true, pointStyle: type === "bar" ? "rect" : "line", boxWidth: 18, boxHeight: 8 } } },
      scales: {
        x: { type: isNumeric ? "linear" : "category", stacked: isStacked, grid: { display: false }, ticks: { maxRotation: 0, precision: 0, autoSkipPadding: 14 } },
        y: { stacked: isStacked, beginAtZero: type === "bar", max: highest, grid: {}, ticks: { maxTicksLimit: 6 } },
      },
    },
  });
  charts.add(chart);
  return chart;
}

/**
 * @param {any} chart
 * @param {{name: string, points: unknown[], isDashed?: boolean}[]} lines
 * @param {string[]} [labels]
 */
export function show(chart, lines, labels = []) {
  chart.data.labels = labels;
  chart.data.datasets = lines.map(({ name, points, isDashed }) => ({
    label: name,
    data: points,
    borderWidth: chart.config.type === "bar" ? 0 : 2,
    borderDash: isDashed ? [5, 4] : [],
    pointRadius: points.length > 30 ? 0 : 2.5,
    spanGaps: true,
    maxBarThickness: 26,
  }));
  chart.options.plugins.legend.display = lines.length > 1;
  paint(chart);
  chart.update("none");
}

/** @param {Record<string, number|null>[]} figures @param {string} key @returns {{x: number, y: number}[]} */
export function takePoints(figures, key) {
  return figures.filter((point) => Number.isFinite(point[key])).map((point) => ({ x: point.step, y: point[key] }));
}

/** @param {string} id of a json_script */
export function readJson(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
