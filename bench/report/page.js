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

function follow() {
  const row = document.getElementById(location.hash.slice(1))?.closest(".runs > tbody");
  if (row) toggle(row, true);
}
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => document.querySelectorAll("main details").forEach((each) => (each.open = true)));
follow();
