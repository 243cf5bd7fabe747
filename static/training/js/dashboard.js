/** The first page: every canvas with data-chart draws the curves of its data-source. */
import { draw, readJson, show } from "mary/charts";

for (const canvas of document.querySelectorAll("[data-chart]")) {
  const { labels, lines } = readJson(canvas.dataset.source);
  const sets = Object.entries(lines).map(([name, points]) => ({ name, points }));
  if (sets.length === 0) {
    canvas.parentElement.hidden = true;
    canvas.parentElement.nextElementSibling.hidden = false;
    continue;
  }
  const type = canvas.dataset.chart;
  const highest = canvas.dataset.highest ? Number(canvas.dataset.highest) : undefined;
  show(draw(canvas, { type, isStacked: type === "bar", highest }), sets, labels);
}
