/** Curves of several runs over each other, one plot a figure; a plot that no run has figures for is not shown. */
import { draw, readJson, show, takePoints } from "mary/charts";

const { names, runs } = readJson("curves");

for (const panel of document.querySelectorAll("[data-curve]")) {
  const lines = runs.map((figures, number) => ({ name: names[number], points: takePoints(figures, panel.dataset.curve) }));
  panel.hidden = lines.every((line) => line.points.length === 0);
  if (!panel.hidden) {
    const chart = draw(panel.querySelector("canvas"), { isNumeric: true });
    show(chart, lines);
    chart.options.plugins.legend.display = true;
    chart.update("none");
  }
}
