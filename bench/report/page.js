"use strict";
// Sorting, filtering and opening. Without this the page says the same, unsorted and with everything open.
document.documentElement.classList.add("js");

const DASH = "\u2014";
const groups = (table) => (table.tBodies.length > 1 ? [...table.tBodies] : [...(table.tBodies[0]?.rows ?? [])]);
const rowOf = (group) => group.rows?.[0] ?? group;

// Numbers come first, then words, then what is not measured, in either direction.
function key(group, column) {
  const cell = rowOf(group).cells[column];
  const text = cell.textContent.trim();
  const number = cell.dataset.sort ?? (/^[-+]?[\d,]*\.?\d+$/.test(text) ? text.replaceAll(",", "") : "");
  if (number !== "") return [0, Number(number)];
  return [text === DASH || text === "" ? 2 : 1, text];
}

function compare(a, b, way) {
  if (a[0] !== b[0]) return a[0] - b[0];
  return way * (a[0] === 0 ? a[1] - b[1] : a[1].localeCompare(b[1], "en", { numeric: true }));
}

function sort(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const descends = heads[column].getAttribute("aria-sort") === "ascending";
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", descends ? "descending" : "ascending");
  const keyed = groups(table).map((group) => [key(group, column), group]);
  keyed.sort((a, b) => compare(a[0], b[0], descends ? -1 : 1));
  const parent = table.tBodies.length > 1 ? table : table.tBodies[0];
  parent.append(...keyed.map(([, group]) => group));
}

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, column));
    head.append(button);
  });
}

for (const label of document.querySelectorAll(".filter")) {
  const input = label.querySelector("input");
  const output = label.querySelector("output");
  const tables = [...document.querySelectorAll(`#${input.dataset.of} .box > table`)].filter((table) => !table.closest(".more"));
  const all = tables.flatMap(groups);
  const texts = all.map((group) => group.textContent.toLowerCase());
  const count = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    all.forEach((group, place) => (group.hidden = !words.every((word) => texts[place].includes(word))));
    output.textContent = words.length ? `${all.filter((group) => !group.hidden).length} of ${all.length} rows` : "";
  };
  input.addEventListener("input", count);
  count();
}

function toggle(group, open) {
  const more = group.querySelector(".more");
  const now = more.classList.toggle("open", open);
  group.querySelector("button").setAttribute("aria-expanded", String(now));
}

// Two ticked networks stand side by side in a table of their own, a line for each column.
const compared = document.querySelector(".compared");
const picked = [];

function showPicked() {
  compared.replaceChildren();
  compared.hidden = picked.length < 1;
  const table = compared.appendChild(document.createElement("table"));
  const caption = picked.length < 2 ? "Tick a second network to compare with:" : "Side by side:";
  table.createCaption().textContent = caption;
  const names = [...document.querySelector(".runs").tHead.rows[0].cells].map((head) => head.textContent);
  names.forEach((name, column) => {
    const row = (column ? table.tBodies[0] ?? table.createTBody() : table.createTHead()).insertRow();
    for (const text of [name, ...picked.map((group) => rowOf(group).cells[column].textContent)]) {
      const cell = row.appendChild(document.createElement(column && row.cells.length ? "td" : "th"));
      cell.textContent = text.trim();
    }
  });
}

function pick(group, box) {
  if (box.checked) picked.push(group);
  else picked.splice(picked.indexOf(group), 1);
  while (picked.length > 2) picked.shift().querySelector(".pick").checked = false;
  showPicked();
}

for (const group of document.querySelectorAll(".runs > tbody")) {
  const [row, more] = group.rows;
  const box = document.createElement("input");
  box.type = "checkbox";
  box.className = "pick";
  box.setAttribute("aria-label", `compare ${row.cells[0].textContent.trim()}`);
  box.addEventListener("click", (event) => event.stopPropagation());
  box.addEventListener("change", () => pick(group, box));
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-controls", more.id);
  button.append(...row.cells[0].childNodes);
  row.cells[0].append(box, button);
  row.addEventListener("click", () => toggle(group));
  toggle(group, false);
}

// The curves of a figure: point at an eps, or move with the arrow keys; a name in the legend hides its line.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c00", "#8073ac"];
const TICKS = [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];
const WIDE = innerWidth < 600 ? 400 : 760; // so that text is as large on a telephone
const HIGH = 380, LEFT = 52, RIGHT = 16, TOP = 10, BOTTOM = 46;

function drawn(parent, name, attributes, text = "") {
  const found = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  found.textContent = text;
  return parent.appendChild(found);
}

function chart({ eps, axis, bend, curves }) {
  const place = document.createElement("div");
  place.className = "chart";
  const across = (radius) => LEFT + ((WIDE - LEFT - RIGHT) * Math.asinh(radius / bend)) / Math.asinh(eps.at(-1) / bend);
  const up = (percent) => HIGH - BOTTOM - ((HIGH - TOP - BOTTOM) * percent) / 100;
  const svg = drawn(place, "svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", tabindex: "0" });
  svg.setAttribute("aria-label", "accuracy against eps; the arrow keys move along eps, and the legend says the values");
  for (const percent of [0, 20, 40, 60, 80, 100]) {
    drawn(svg, "line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: up(percent), y2: up(percent) });
    drawn(svg, "text", { class: "tick end", x: LEFT - 8, y: up(percent) + 4 }, `${percent} %`);
  }
  for (const radius of TICKS.map((tick) => tick * bend).filter((tick) => tick <= eps.at(-1)))
    drawn(svg, "text", { class: "tick", x: across(radius), y: HIGH - BOTTOM + 18 }, String(radius));
  drawn(svg, "text", { class: "tick", x: (LEFT + WIDE - RIGHT) / 2, y: HIGH - 8 }, axis);
  const guide = drawn(svg, "line", { class: "guide", y1: TOP, y2: HIGH - BOTTOM });
  const heading = place.appendChild(document.createElement("p"));
  heading.setAttribute("aria-live", "polite");
  const legend = place.appendChild(document.createElement("ul"));
  const colour = new Map(curves.filter((each) => !each.control).map((each, n) => [each, COLOURS[n % COLOURS.length]]));
  const values = curves.map((each) => {
    const again = curves.filter((other) => !other.control).indexOf(each) >= COLOURS.length;
    const line = drawn(svg, "g", { class: `curve${each.masked ? " masked" : again ? " again" : ""}` });
    line.style.color = colour.get(each) ?? "var(--ink)";
    const points = eps.map((radius, at) => `${across(radius)},${up(each.mean[at])}`);
    drawn(line, "polyline", { points: points.join(" ") });
    const dot = drawn(line, "circle", { r: 4 });
    const button = legend.appendChild(document.createElement("li")).appendChild(document.createElement("button"));
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    button.style.setProperty("--of", colour.get(each) ?? "var(--ink)");
    button.classList.toggle("again", again);
    button.append(each.name + (each.masked ? " (gradient masked)" : ""));
    const value = button.appendChild(document.createElement("b"));
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      line.style.display = shown ? "" : "none";
    });
    return (at) => {
      dot.setAttribute("cx", across(eps[at]));
      dot.setAttribute("cy", up(each.mean[at]));
      value.textContent = ` ${each.mean[at].toFixed(1)} %`;
      button.title = `95 % interval ${each.low[at].toFixed(1)} to ${each.high[at].toFixed(1)} %`;
    };
  });
  let now = 0;
  const move = (at) => {
    now = Math.max(0, Math.min(eps.length - 1, at));
    for (const end of ["x1", "x2"]) guide.setAttribute(end, across(eps[now]));
    heading.textContent = `Accuracy at eps ${eps[now]}:`;
    values.forEach((show) => show(now));
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) * WIDE) / box.width;
    const gaps = eps.map((radius) => Math.abs(across(radius) - x));
    move(gaps.indexOf(Math.min(...gaps)));
  });
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -eps.length, End: eps.length }[event.key];
    if (step) {
      move(now + step);
      event.preventDefault();
    }
  });
  move(Math.max(0, eps.indexOf(4 * bend)));
  return place;
}

for (const data of document.querySelectorAll("script.curves")) {
  const pictures = data.nextElementSibling;
  pictures.before(chart(JSON.parse(data.textContent)));
  pictures.querySelector("figure").hidden = true; // the same as the chart
}

function follow() {
  const row = document.getElementById(location.hash.slice(1))?.closest(".runs > tbody");
  if (row) toggle(row, true);
}
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => document.querySelectorAll("main details").forEach((each) => (each.open = true)));
follow();
