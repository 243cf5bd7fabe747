/** A run, watched: asks every two seconds as long as it is live, and draws only what is new. Text goes in as text. */
import { draw, readJson, show, takePoints } from "mary/charts";

const ASK_EVERY = 2000;
const words = document.getElementById("words").dataset;
const plots = new Map();
let mark = "";

function fill(sentence, places) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
}

function describeSeconds(seconds) {
  if (seconds < 90) return fill(words.seconds, { n: Math.round(seconds) });
  if (seconds < 5400) return fill(words.minutes, { n: Math.round(seconds / 60) });
  return fill(words.hours, { n: (seconds / 3600).toFixed(1) });
}

function showCurves(figures) {
  let shown = 0;
  for (const panel of document.querySelectorAll("[data-plot]")) {
    const [train, heldout] = panel.dataset.plot.split(" ");
    const lines = [{ name: words.train, points: takePoints(figures, train) }];
    if (heldout) lines.push({ name: words.heldout, points: takePoints(figures, heldout), isDashed: true });
    const filled = lines.filter((line) => line.points.length > 0);
    panel.hidden = filled.length === 0;
    if (panel.hidden) continue;
    shown += 1;
    if (!plots.has(panel)) plots.set(panel, draw(panel.querySelector("canvas"), { isNumeric: true }));
    show(plots.get(panel), filled);
  }
  document.getElementById("no-figures").hidden = shown > 0;
}

function showProgress(told) {
  document.getElementById("progress").hidden = !told.is_live;
  const phase = told.is_stopping ? words.stopping : told.phase || words.waiting;
  document.getElementById("phase").textContent = phase;
  const bar = document.getElementById("bar");
  bar.max = told.total || 1;
  bar.value = told.done || 0;
  const places = { done: told.done, total: told.total };
  const left = Number.isFinite(told.seconds_left) ? { ...places, left: describeSeconds(told.seconds_left) } : null;
  document.getElementById("left").textContent = told.total ? fill(left ? words.left : words.noLeft, left ?? places) : "";
}

function showLog(text) {
  const log = document.getElementById("log");
  if (log.textContent === text) return;
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.textContent = text;
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function showAll(told) {
  const state = document.getElementById("state");
  state.textContent = told.state_name;
  const colors = { done: "mm-good", running: "mm-info", failed: "mm-bad", cancelled: "mm-warn" };
  state.className = `mm-chip ${colors[told.state] ?? ""}`;
  const error = document.getElementById("error");
  error.textContent = told.error;
  error.hidden = !told.error;
  document.getElementById("attempt").textContent = told.attempt;
  document.getElementById("heartbeat").textContent = told.heartbeat;
  showProgress(told);
  showLog(told.log);
  if (told.figures) {
    mark = told.mark;
    showCurves(told.figures);
  }
}

async function ask() {
  let isLive = true;
  try {
    const answer = await fetch(`${words.liveUrl}?seen=${encodeURIComponent(mark)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const told = await answer.json();
    showAll(told);
    isLive = told.is_live;
  } catch {
    document.getElementById("left").textContent = words.away;
  }
  // What the page offers differs once it is over: the adapter, its evaluation.
  if (isLive) setTimeout(ask, ASK_EVERY);
  else location.reload();
}

const told = readJson("told");
showAll(told);
document.getElementById("log").scrollTop = document.getElementById("log").scrollHeight;
if (told.is_live) setTimeout(ask, ASK_EVERY);
